import { deviceError, internalError } from '../../core/index.ts';
import type { Command, CommandTimes } from '../device.ts';
import type { OpenClBuffer } from './buffers.ts';
import { check, statusName } from './errors.ts';
import { type WaitAndSweep, waitAndSweep } from './events.ts';
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

/** Event handles. As pairs of numbers they move without becoming bigints, of which a step would make hundreds. */
class Events {
  readonly handles: BigUint64Array;
  private readonly halves: Uint32Array;

  constructor(length: number) {
    this.handles = new BigUint64Array(length);
    this.halves = new Uint32Array(this.handles.buffer);
  }

  copy(to: number, source: Events, from: number): void {
    this.halves[2 * to] = source.halves[2 * from]!;
    this.halves[2 * to + 1] = source.halves[2 * from + 1]!;
  }
}

/** Commands of one queue: order by events, completion by polling, times and releases in sweeps. No callback ever enters JavaScript. */
export class Commands {
  /** Set when a deadline expired: the native side may block for ever, so nothing is called any more. */
  wedged = false;
  private readonly session: Session;
  private readonly waitAndSweep: WaitAndSweep;
  private readonly deadline: number;
  private readonly finished: (command: OpenClCommand) => void;
  /** Commands under way and, place by place, their events. */
  private pending: OpenClCommand[] = [];
  private underWay = new Events(64);
  private firstFailure: OpenClCommand | undefined;
  private readonly newest = new Events(1);
  private waiting = new Events(64);
  private statuses = new Int32Array(64);
  private times = new Float64Array(192);
  /** Where an enqueue puts its event, and what it waits for (null: nothing), between `prepare` and `started`. */
  readonly event = this.newest.handles;
  list: BigUint64Array | null = null;

  /** `deadline` in seconds; `finished` is called once for every command that ended, failed ones included. */
  constructor(session: Session, deadline: number, finished: (command: OpenClCommand) => void) {
    this.session = session;
    this.waitAndSweep = waitAndSweep(session.cl.library);
    this.deadline = deadline;
    this.finished = finished;
  }

  /**
   * Before an enqueue: checks what it uses and returns how many events it has to wait for; they are in `list`, and its own goes to
   * `event`. Nothing else may be enqueued before `started`.
   */
  prepare(label: string, buffers: readonly OpenClBuffer[], after: readonly Command[], last?: Command): number {
    if (this.wedged)
      throw deviceError({ message: `${label}: the device session has stopped answering`, code: 'wedged' });
    this.requireLive(label, buffers);
    const waits = this.fill(after as readonly OpenClCommand[], last as OpenClCommand | undefined);
    this.list = waits > 0 ? this.waiting.handles : null;
    return waits;
  }

  /** After an enqueue that succeeded. */
  started(label: string, kind: CommandKind, buffers: readonly OpenClBuffer[]): OpenClCommand {
    for (const buffer of buffers) buffer.uses++;
    const position = this.pending.length;
    const command: OpenClCommand = { label, kind, position, status: 3, buffers, done: false, times: undefined };
    this.reserve(position + 1);
    this.underWay.copy(position, this.newest, 0);
    this.pending.push(command);
    return command;
  }

  private requireLive(label: string, buffers: readonly OpenClBuffer[]): void {
    for (const { released, tensor } of buffers)
      if (released) throw internalError(`${label} uses the released device buffer of ${tensor.name}`);
  }

  /** Puts the events of commands still under way into the list; a failed one cannot be waited for. */
  private fill(commands: readonly OpenClCommand[], last?: OpenClCommand): number {
    this.reserve(commands.length + 1);
    let count = 0;
    for (const command of commands) count = this.add(command, count);
    return last ? this.add(last, count) : count;
  }

  private add(command: OpenClCommand, count: number): number {
    if (command.status < 0) throw this.failure(command);
    if (command.done) return count;
    this.waiting.copy(count, this.underWay, command.position);
    return count + 1;
  }

  /** Room for `count` commands under way and as many to wait for. */
  private reserve(count: number): void {
    const { length } = this.statuses;
    if (count <= length) return;
    const { waiting, underWay } = this;
    this.waiting = new Events(2 * count);
    this.waiting.handles.set(waiting.handles);
    this.underWay = new Events(2 * count);
    this.underWay.handles.set(underWay.handles);
    this.statuses = new Int32Array(2 * count);
    this.times = new Float64Array(6 * count);
  }

  /** Looks at every command under way once; ends those that finished. Returns how many did. */
  sweep(): number {
    return this.pending.length === 0 || this.wedged ? 0 : this.look(0, 0);
  }

  /** The same after waiting for the first events of `waiting`. */
  private look(waits: number, nanoseconds: number): number {
    const { pending, underWay, statuses, times } = this;
    const count = pending.length;
    const { handles } = this.waiting;
    const finished = this.waitAndSweep(handles, waits, underWay.handles, count, statuses, times, nanoseconds);
    if (finished === 0) return 0;
    const left: OpenClCommand[] = [];
    for (let i = 0; i < count; i++) {
      const command = pending[i]!;
      if (statuses[i]! <= 0) continue;
      command.position = left.length;
      underWay.copy(left.length, underWay, i);
      left.push(command);
    }
    this.pending = left;
    for (let i = 0; i < count; i++) if (statuses[i]! <= 0) this.end(pending[i]!, i);
    return finished;
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
    if (this.session.flushes) check(this.session.cl.clFlush(this.session.queue), () => 'flushing the queue');
    const nanoseconds = Math.round(this.deadline * 1e9);
    for (;;) {
      const count = this.fill(commands);
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
