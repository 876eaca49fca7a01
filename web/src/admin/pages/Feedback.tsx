import { useState } from "react";

import { Link } from "../Link.tsx";
import { useListed } from "../loading.ts";
import { Choice, Heading, Loading, More, ThreadLink, turnAddress, When } from "../parts.tsx";
import { type Column, Table } from "../table/Table.tsx";
import { iso, moment } from "../times.ts";
import { feedback, type FeedbackRow, type Rating } from "../wire.ts";
import { useWords } from "../words.ts";

/** What people thought of answers. */
export default function Feedback() {
  const { words, language } = useWords();
  const [rating, setRating] = useState<Rating | "">("");
  const [remarked, setRemarked] = useState(false);
  const listed = useListed(
    "",
    async (before, limit) => {
      const found = await feedback({ before, limit });
      return { rows: found.feedback, more: found.more };
    },
    ({ turn }) => turn,
  );
  const rows = listed.rows.filter((row) => (!rating || row.rating === rating) && (!remarked || row.remark));
  const up = listed.rows.filter((row) => row.rating === "up").length;
  const { column } = words;
  const columns: Column<FeedbackRow>[] = [
    {
      key: "rating",
      label: column.rating,
      value: (row) => words.feedback[row.rating],
      cell: (row) => (
        <span className="rated" data-rating={row.rating}>
          {words.feedback[row.rating]}
        </span>
      ),
    },
    { key: "remark", label: column.remark, long: true, value: (row) => row.remark || null, cell: (row) => <span dir="auto">{row.remark}</span> },
    {
      key: "thread",
      label: column.thread,
      long: true,
      value: (row) => row.title,
      cell: (row) => <ThreadLink of={row.key}>{row.title || words.threads.untitled}</ThreadLink>,
    },
    { key: "person", label: column.person, value: (row) => row.person, long: true },
    {
      key: "when",
      label: column.when,
      value: (row) => iso(row.rated_s),
      text: (row) => moment(row.rated_s, language),
      cell: (row) => <When at_s={row.rated_s} />,
    },
    {
      key: "answer",
      label: column.answer,
      value: (row) => row.turn,
      cell: (row) => <Link to={turnAddress(row.turn)}>{words.thread.timeline}</Link>,
    },
  ];

  return (
    <>
      <Heading title={words.feedback.heading}>
        <p className="quiet">{words.feedback.intro}</p>
      </Heading>
      <Loading of={listed} />
      {!listed.first && (
        <>
          <div className="choices">
            <Choice
              label={words.feedback.filter}
              options={[
                ["", words.feedback.all],
                ["up", words.feedback.up],
                ["down", words.feedback.down],
              ]}
              chosen={rating}
              onChoose={setRating}
            />
            <label className="check">
              <input type="checkbox" checked={remarked} onChange={(event) => setRemarked(event.target.checked)} />
              {words.feedback.withRemark}
            </label>
            {/* Of those that are loaded: when there are more, their number would be wrong. */}
            {!listed.more && <span className="quiet">{words.feedback.summary(up, listed.rows.length - up)}</span>}
          </div>
          <Table
            caption={words.feedback.heading}
            columns={columns}
            rows={rows}
            name={({ turn }) => turn}
            empty={listed.rows.length ? words.table.nothingFound : words.feedback.none}
            partial={listed.more}
            file="feedback"
          />
        </>
      )}
      <More of={listed} />
    </>
  );
}
