/** What a study gets to work with: see CONTRIBUTING.md, "Add an example". */
export interface StudyContext {
  /** The example's folder, with its prototxt files. */
  readonly folder: string;
  /** Where everything goes that it writes; the same folder goes on where it was left. */
  readonly runDirectory: string;
  /** `options` of example.json. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Progress, a line for people. */
  readonly say: (line: string) => void;
}

/** An experiment of several trainings: the default export of examples/<name>/study.ts. Returns its figures, which example.json's bars check. */
export type Study = (context: StudyContext) => Promise<Readonly<Record<string, unknown>>>;
