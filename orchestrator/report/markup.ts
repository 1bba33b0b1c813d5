/** Text as it may stand in HTML and SVG, in attributes too: names come from files. */
export const escapeMarkup = (text: unknown): string =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
