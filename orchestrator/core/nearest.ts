/** Longer names are not compared. */
const LONGEST = 100;
const row = new Uint16Array(2 * LONGEST);

/** Levenshtein distance of names shorter than 150 characters, in one row; `most` where it is at least that. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) >= most) return most;
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    let least = i;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      const d = Math.min(row[j - 1]! + 1, above + 1, diagonal + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1));
      row[j] = d;
      diagonal = above;
      if (d < least) least = d;
    }
    if (least >= most) return most;
  }
  return row[b.length]!;
}

/** Names looked at: a net can have a hundred thousand blobs, and a thousand wrong names. */
const MOST_COMPARED = 2000;

/** The known name a mistyped one most likely meant, or undefined where none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  const lower = name.toLowerCase();
  let compared = 0;
  for (const candidate of known) {
    if (++compared > MOST_COMPARED) break;
    const d = candidate.toLowerCase() === lower ? 0 : distance(name, candidate, least);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}
