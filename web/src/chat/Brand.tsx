import { usePage } from "./contexts.ts";

/** The site's logo and title. */
export function Brand() {
  const page = usePage();
  return (
    <span className="brand">
      {page.logo && <Logo source={page.logo} />}
      <span dir="auto">{page.title}</span>
    </span>
  );
}

/** Beside the title, which says the same to those who do not see it. */
export function Logo({ source }: { source: string }) {
  return <img className="logo" src={source} alt="" />;
}
