"""Words that ask, point or join, and so say nothing of what a question is about.

Those that mean something in another of these languages ("die", "war", "son") are left out, and
so are phrases that occur inside other words.
"""

SPACED = """
a about after all also am an and any are as at be been before being between both but by can
could did do does doing don done each else ever every for from get give had has have having he
her here hers him his how i if in into is isn it its just know let like ll may me might mine
more most much must my need no not of on one only or other our out over own please re s same shall
she should so some such t tell than thank thanks that the their them then there these they thing
this those to too us very ve want was we were what when where which while who whom whose why
will with would yes you your yours show explain aber als auch auf aus bei bin bitte das dass dem
den der des ein eine einem einen einer eines er es euch für gibt haben hat ich ihr im ist kann
kannst können man mein meine meinen mich mir mit muss nach nicht oder sich sie sind über um und
uns unser unsere vom von wann warum welche welcher welches wenn wer werden wie wieviel wir wird
wo zu zum zur au aux avec ce ces cette comment dans de du elle en est et il ils je la le les
leur mes mon ma ne nous où par pas pour pourquoi qu quand que quel quelle quels quelles qui quoi
sont sur un une vos votre vous y al como con cual cuales cuando cuánto del dónde el ella ellos
eres esta este hay las lo los mi mis para pero por porque puedo qué quién se si su sus tu una
unas unos yo é o os as um uma não meu minha onde
"""
"""English, German, French, Spanish, Portuguese."""

JAPANESE = """
ください 下さい くださいませ 教えて おしえて どうすれば どうやって どうしたら どのように
どうやる どう いいですか よいですか 良いですか ですか ますか でしょうか ましょうか ません ました
ます です なんですか 何ですか 何 なに なん どこ いつ だれ 誰 なぜ どれ どの どんな いくら いくつ
できますか できる とは には では から まで について という ことが こと もの ための する して
した したい します ある いる あります ありますか なります なり
"""
"""For a text with kana; longer ones are tried first."""

UNSPACED = """
如何 怎么样 怎么 怎樣 怎样 什么 什麼 哪里 哪裡 哪个 哪些 为什么 為什麼 请问 請問 多少 可以 吗 嗎
呢 的 了 是 我们 我們 我 你 在 有 和 อย่างไร อะไร ยังไง ทำไม ที่ไหน เมื่อไร เมื่อไหร่ เท่าไร
เท่าไหร่ ไหม มั้ย หรือไม่ ครับ ค่ะ คือ 어떻게 무엇 언제 어디 누가 왜 입니까 합니까 하나요 인가요
주세요
"""
"""Chinese, Thai, Korean."""
