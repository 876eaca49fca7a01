/** Where the server is mounted: "" or a path such as "/chat". Every address of ours begins with it. */
export const root: string = document.documentElement.dataset["root"] ?? "";
