import { deviceError, internalError } from '../../core/index.ts';
import type { Command, CommandTimes } from '../device.ts';
import type { OpenClBuffer } from './buffers.ts';
import { openClError, statusName } from './errors.ts';
import { CommandList, MARKER, MIGRATE, type RunCommands, runCommands, TASK } from './list.ts';
import type { Session } from './session.ts';

export type CommandKind = 'upload' | 'download' | 'launch' | 'marker';

/** A command under way holds its buffers, and so their host memory, until its event is complete. */
export interface OpenClCommand extends Command {
  readonly kind: CommandKind;
  /** Its place among the commands under way, while it is there. */
  position: number;
  /** OpenCL execution status: > 0 under way, 0 complete, < 0 failed. */
  status: number;
  buffers: readonly OpenClBuffer[];
  done: boolean;
  times: CommandTimes | undefined;
}

const NO_BUFFERS: readonly OpenClBuffer[] = [];

/**
 * Commands of one queue: order by events, completion by polling, times and releases in sweeps. No callback ever enters JavaScript.
 * Commands gather in a list until someone waits or `submit`s: what lies between two waits is one native call, since around each
 * JavaScript starts with cold caches, beside the card's threads where the card is emulated.
 */
export class Commands {
  /** Set when a deadline expired: the native side may block for ever, so nothing is called any more. */
  wedged = false;
  /** Of commands not yet handed over. Who starts a command puts its own words there. */
  readonly list = new CommandList();
  private readonly native: RunCommands;
  private readonly deadline: number;
  private readonly finished: (command: OpenClCommand) => void;
  /** Commands under way; the last of them, from `begun` on, are those of the list. */
  private pending: OpenClCommand[] = [];
  private begun = 0;
  private firstFailure: OpenClCommand | undefined;
  /** By the place of a command, and for native code alone: events. */
  private events = new BigUint64Array(64);
  private statuses = new Int32Array(64);
  private times = new Float64Array(192);
  private waiting = new Uint32Array(64);
  /** What OpenCL refused: status, place in the list, argument of a launch or -1. */
  private readonly refusal = new Int32Array(3);

  /** `deadline` in seconds; `finished` is called once for every command that ended, failed ones included. */
  constructor(session: Session, deadline: number, finished: (command: OpenClCommand) => void) {
    this.native = runCommands(session);
    this.deadline = deadline;
    this.finished = finished;
  }

  /** Begins the record of a command that needs at most `words` of its own; they must follow in `list` at once. */
  start(
    kind: CommandKind,
    label: string,
    buffers: readonly OpenClBuffer[],
    words: number,
    after: readonly Command[],
    last?: Command,
  ): OpenClCommand {
    if (this.wedged)
      throw deviceError({ message: `${label}: the device session has stopped answering`, code: 'wedged' });
    this.requireLive(label, buffers);
    const { list, pending } = this;
    list.reserve(3 + after.length + words);
    const begin = list.length;
    let end = this.places(list.words, begin + 2, after as readonly OpenClCommand[]);
    if (last) end = this.place(list.words, end, last as OpenClCommand);
    list.words[begin] = kind === 'launch' ? TASK : kind === 'marker' ? MARKER : MIGRATE;
    list.words[begin + 1] = end - begin - 2;
    list.length = end;
    for (const buffer of buffers) buffer.uses++;
    const position = pending.length;
    const command: OpenClCommand = { label, kind, position, status: 3, buffers, done: false, times: undefined };
    pending.push(command);
    return command;
  }

  private requireLive(label: string, buffers: readonly OpenClBuffer[]): void {
    for (const { released, tensor } of buffers)
      if (released) throw internalError(`${label} uses the released device buffer of ${tensor.name}`);
  }

  /** Writes the places of commands still under way to `words`, from `at` on; a failed one cannot be waited for. Returns where they end. */
  private places(words: Uint32Array, at: number, commands: readonly OpenClCommand[]): number {
    let end = at;
    for (const command of commands) end = this.place(words, end, command);
    return end;
  }

  private place(words: Uint32Array, at: number, command: OpenClCommand): number {
    if (command.status < 0) throw this.failure(command);
    if (command.done) return at;
    words[at] = command.position;
    return at + 1;
  }

  /** Hands over what has gathered, so that the card starts on it. Throws a device CremaError where the runtime refuses any of it. */
  submit(): void {
    if (this.begun < this.pending.length) this.sweep();
  }

  /** Looks at every command under way once; ends those that finished. Returns how many did. */
  sweep(): number {
    return this.pending.length === 0 || this.wedged ? 0 : this.look(0, 0);
  }

  /** The same after handing over the list and waiting for the first of `waiting`. */
  private look(waits: number, nanoseconds: number): number {
    const { pending, begun, list, refusal, waiting } = this;
    const count = pending.length;
    this.room(count);
    const { events, statuses, times } = this;
    // biome-ignore format: one line
    const finished = this.native(list.words, count - begun, events, begun, waiting, waits, nanoseconds, statuses, times, refusal);
    list.length = 0;
    this.begun = count - finished;
    const refused = refusal[0] === 0 ? undefined : this.refused(pending[begun + refusal[1]!]);
    if (finished > 0) this.collect(count);
    if (refused) throw refused;
    return finished;
  }

  /** Room for `count` commands under way. */
  private room(count: number): void {
    if (count <= this.statuses.length) return;
    const { events } = this;
    this.events = new BigUint64Array(2 * count);
    this.events.set(events);
    this.statuses = new Int32Array(2 * count);
    this.times = new Float64Array(6 * count);
  }

  /** Ends those of the first `count` commands that finished; the others close ranks, as their events did. */
  private collect(count: number): void {
    const { pending, statuses } = this;
    const left: OpenClCommand[] = [];
    for (let i = 0; i < count; i++) {
      const command = pending[i]!;
      if (statuses[i]! <= 0) continue;
      command.position = left.length;
      left.push(command);
    }
    this.pending = left;
    for (let i = 0; i < count; i++) if (statuses[i]! <= 0) this.end(pending[i]!, i);
  }

  private refused(command: OpenClCommand | undefined) {
    const [code = 0, , argument = -1] = this.refusal;
    if (!command) return openClError(code, 'flushing the queue');
    const { label, kind, buffers } = command;
    if (argument < 0) return openClError(code, `enqueueing ${kind} ${label}`);
    const name = buffers[argument]?.tensor.name;
    const to = name === undefined ? '' : ` to ${name}`;
    return openClError(code, `${label}: setting kernel argument ${argument}${to}`);
  }

  private end(command: OpenClCommand, i: number): void {
    const { times } = this;
    const status = this.statuses[i]!;
    command.status = status;
    command.done = status >= 0;
    command.times = { queued: times[3 * i]!, start: times[3 * i + 1]!, end: times[3 * i + 2]! };
    // -14 only says that a command before it failed.
    if (status < 0 && (!this.firstFailure || this.firstFailure.status === -14)) this.firstFailure = command;
    for (const buffer of command.buffers) buffer.uses--;
    this.finished(command);
    command.buffers = NO_BUFFERS;
  }

  /**
   * Blocks until all have completed. The deadline is on progress: it expires where no command of the session finished for that long, so a
   * long chain is no reason, and a hang shows after one to two deadlines.
   */
  wait(commands: readonly OpenClCommand[]): void {
    const nanoseconds = Math.round(this.deadline * 1e9);
    if (this.waiting.length < commands.length) this.waiting = new Uint32Array(2 * commands.length);
    for (;;) {
      const count = this.places(this.waiting, 0, commands);
      if (count === 0) return;
      if (!this.wedged && this.look(count, nanoseconds) > 0) continue;
      this.wedged = true;
      throw this.expiry(commands);
    }
  }

  private expiry(commands: readonly OpenClCommand[]) {
    const stuck = this.pending[0] ?? commands[0]!;
    return deviceError({
      message: `${stuck.kind} ${stuck.label} did not finish within ${this.deadline} s`,
      hint: 'the card hangs: end this process (kill -9 if need be), reset the card, and resume from the last snapshot with --resume auto',
      code: 'deadline',
    });
  }

  private failure(command: OpenClCommand) {
    const first = this.firstFailure ?? command;
    const cause = first === command ? '' : `; the first to fail was ${first.label}: ${statusName(first.status)}`;
    return deviceError({
      message: `${command.kind} ${command.label} failed: ${statusName(command.status)}${cause}`,
      hint: 'results of this iteration are lost: resume from the last snapshot; `crema doctor` looks at the card',
      code: 'command-failed',
    });
  }

  /** Blocks until no command uses the buffer. */
  settle(buffer: OpenClBuffer): void {
    this.sweep();
    if (buffer.uses > 0) this.wait(this.pending.filter((command) => command.buffers.includes(buffer)));
  }

  /** Waits for whatever is still under way and forgets how it ended. */
  drain(): void {
    while (this.pending.length > 0 && !this.wedged) {
      try {
        this.wait(this.pending);
      } catch {
        // A failed command is under way no more; an expired deadline sets `wedged`.
      }
    }
  }
}
