import { useMemo } from "react";

import { PageContext } from "../chat/contexts.ts";
import { SignIn } from "../chat/SignIn.tsx";
import { openWire } from "../store/index.ts";
import { deny } from "./access.ts";
import { usePageInfo } from "./pageInfo.ts";

/** The chat's sign-in, here; then the page that was wanted. */
export default function SignedOut() {
  const page = usePageInfo();
  const wire = useMemo(() => page && openWire(page.auth), [page]);
  if (!page || !wire) return null;
  return (
    <PageContext value={page}>
      <SignIn wire={wire} onSignedIn={() => deny(null)} />
    </PageContext>
  );
}
