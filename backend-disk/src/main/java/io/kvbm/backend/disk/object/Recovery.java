package io.kvbm.backend.disk.object;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the log into an index.
 *
 * <p>The log ends where no record follows that is intact and continues the chain. That end is a
 * torn tail unless a record behind it says that something after the end was durable: then the log
 * is damaged, and nothing is changed. A record whose structure is intact and whose body is not
 * counts as the end too, unless a later one says that it was durable: then only that value is
 * damaged, and reading it says so.
 */
final class Recovery {

  private static final long WINDOW = 1 << 20;

  private final StoreFiles files;
  private final Buffers buffers;
  private final StoreSettings settings;
  private final UUID store;
  private final boolean writable;
  private final Index index;
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();
  private LogState state;
  private boolean chained;
  private long durable;

  Recovery(
      StoreFiles files,
      Buffers buffers,
      StoreSettings settings,
      UUID store,
      boolean writable,
      Index index) {
    this.files = files;
    this.buffers = buffers;
    this.settings = settings;
    this.store = store;
    this.writable = writable;
    this.index = index;
    this.state = LogState.startOf(0);
  }

  /** A record that was read and may still turn out to be torn. */
  private record Pending(
      LogState before, RecordHeader header, boolean damaged, List<Change> changes) {

    long lastSequence() {
      return header.lastSequence();
    }
  }

  /** One operation and where its entry is. */
  record Change(EntryHeader header, long segment, long offset) {}

  /**
   * What was found.
   *
   * @param end where the log ends
   * @param proven what was known to be durable when the first of the unproven was written
   * @param unproven the last changes, of which nothing says that they are durable
   * @param replaceable the first record of these; null if there are none
   * @param cleanTail whether nothing but zeros follows in the last file; for a writer
   * @param unmade whether the file of the end was never finished, so that nothing can be in it; for
   *     a writer
   */
  record Found(
      LogState end,
      long proven,
      List<Change> unproven,
      @Nullable RecordHeader replaceable,
      boolean cleanTail,
      boolean unmade) {}

  /**
   * Reads everything from a place on.
   *
   * @param from the place
   * @param knownChain whether what comes there must continue the chain; otherwise one starts there
   * @param durableSequence everything up to this number was durable, says a checkpoint
   */
  Found run(LogState from, boolean knownChain, long durableSequence) {
    state = from;
    chained = knownChain;
    durable = durableSequence;
    scan();
    apply(
        durable); // not before: a record of a later file may have taken the place of the last ones
    cutAtTornBody();
    Pending first = pending.peek();
    long proven = first == null ? state.lastSequence() : first.before().lastSequence();
    List<Change> unproven = new ArrayList<>();
    pending.forEach(record -> unproven.addAll(record.changes()));
    apply(Long.MAX_VALUE);
    RecordHeader later = durableBehind();
    if (later != null && !writable) {
      catchUp(later.syncedSequence());
    }
    if (later != null && later.syncedSequence() > state.lastSequence()) {
      throw damaged(later);
    }
    if (state.lastSequence() < durable) {
      throw Format.corrupt(
          "the log is damaged in %s at byte %d: it ends there with change %d, but a checkpoint says that changes up to %d were durable; nothing was changed, restore the file or the store"
              .formatted(
                  files.segment(state.segment()), state.end(), state.lastSequence(), durable));
    }
    boolean unmade = writable && isUnmade();
    return new Found(
        state,
        proven,
        unproven,
        first == null ? null : first.header(),
        writable && !unmade && isTailClean(),
        unmade);
  }

  private void scan() {
    boolean more = true;
    while (more) {
      more = scanSegment() && advance();
    }
  }

  /**
   * Reads what a writer has written since the end was found. What it says is durable has been there
   * since before it said so: if it is still not found, it is lost.
   */
  private void catchUp(long durableSequence) {
    scan();
    apply(durableSequence);
    cutAtTornBody();
    apply(Long.MAX_VALUE);
  }

  /** {@return whether the log has this state behind one of its records} */
  boolean has(LogState wanted) {
    try (Window window = window(wanted.segment())) {
      if (window == null || !isSegment(window, wanted.segment())) {
        return false;
      }
      if (wanted.recordStart() < Format.PAGE || wanted.recordStart() % Format.PAGE != 0) {
        return false;
      }
      RecordHeader header = headerAt(window, wanted.segment(), wanted.recordStart());
      return header != null
          && header.offset() + header.byteSize() == wanted.end()
          && header.lastSequence() == wanted.lastSequence()
          && RecordHeader.chainBehind(window.read(header.offset(), Format.PAGE)) == wanted.chain();
    }
  }

  /** Reads records of one file; false if there is no such file. */
  private boolean scanSegment() {
    try (Window window = window(state.segment())) {
      if (window == null) {
        return false;
      }
      if (!isSegment(window, state.segment())) {
        return false;
      }
      while (true) {
        RecordHeader header = headerAt(window, state.segment(), state.end());
        if (header == null || !continues(header) || !take(window, header)) {
          return true;
        }
      }
    }
  }

  private boolean isSegment(Window window, long number) {
    return window.byteSize() >= Format.PAGE
        && Segments.isHeader(window.read(0, Format.PAGE), store, number);
  }

  private boolean continues(RecordHeader header) {
    if (!chained) {
      return true; // the first record there is: what came before it is gone
    }
    return header.chain() == state.chain()
        && header.previousSegment() == state.segment()
        && header.previousEnd() == state.end();
  }

  private @Nullable RecordHeader headerAt(Window window, long segment, long offset) {
    if (offset + Format.PAGE > window.byteSize()) {
      return null;
    }
    RecordHeader header =
        RecordHeader.readFrom(window.read(offset, Format.PAGE), store, segment, offset);
    return header != null && offset + header.byteSize() <= window.byteSize() ? header : null;
  }

  /** Takes one record in; false if its structure is torn. */
  private boolean take(Window window, RecordHeader header) {
    MemorySegment record = window.read(header.offset(), header.byteSize());
    List<Change> changes = new ArrayList<>(header.entryCount());
    boolean damaged = false;
    long at = RecordHeader.BYTE_SIZE;
    for (int i = 0; i < header.entryCount(); i++) {
      EntryHeader entry = at < record.byteSize() ? EntryHeader.readFrom(record.asSlice(at)) : null;
      if (entry == null || at + entry.entryByteSize() > record.byteSize()) {
        return false;
      }
      if (entry.inlineByteSize() > 0) {
        damaged |=
            !settings.without().contains(Safeguard.CRC)
                && !entry.fits(record.asSlice(at + entry.headByteSize(), entry.inlineByteSize()));
      }
      changes.add(new Change(entry, header.segment(), header.offset() + at));
      at += entry.entryByteSize();
    }
    apply(header.syncedSequence());
    pending.add(new Pending(state, header, damaged, changes));
    chained = true;
    state =
        new LogState(
            header.segment(),
            header.offset(),
            header.offset() + header.byteSize(),
            RecordHeader.chainBehind(record),
            header.lastSequence());
    return true;
  }

  /**
   * Goes to the next file whose first record continues the chain. A file between may have lost the
   * records it had: if that one does not need them, nobody does.
   */
  private boolean advance() {
    for (long next = state.segment() + 1; ; next++) {
      try (Window window = window(next)) {
        if (window == null || !isSegment(window, next)) {
          return false;
        }
        RecordHeader header = headerAt(window, next, Format.PAGE);
        if (header != null) {
          return canFollow(header) && take(window, header);
        }
      }
    }
  }

  private boolean canFollow(RecordHeader header) {
    if (!chained) {
      // Nothing is intact before it, which is right only where it continues nothing that was here.
      return header.previousSegment() < state.segment()
          || (header.previousSegment() == state.segment() && header.previousEnd() == state.end());
    }
    if (!continues(header)) {
      LogState fork = forkOf(header);
      if (fork == null) {
        return false;
      }
      goBackTo(fork);
    }
    return true;
  }

  /**
   * {@return the state before a record in whose place an earlier recovery went on in the next file;
   * null if that is not what happened}
   */
  private @Nullable LogState forkOf(RecordHeader header) {
    for (Pending record : pending) {
      if (header.continuesWhat(record.header())) {
        return record.before();
      }
    }
    return null;
  }

  private void goBackTo(LogState fork) {
    ArrayDeque<Pending> kept = new ArrayDeque<>();
    for (Pending record : pending) {
      if (record.before().equals(fork)) {
        break;
      }
      kept.add(record);
    }
    pending.clear();
    pending.addAll(kept);
    state = fork;
  }

  /** Puts changes of records that are known to be durable into the index. */
  private void apply(long durableSequence) {
    while (!pending.isEmpty() && pending.peek().lastSequence() <= durableSequence) {
      for (Change change : pending.remove().changes()) {
        if (change.header().kind() == EntryHeader.DELETE) {
          index.remove(change.header().key());
        } else {
          Location location = Location.of(change.header(), change.segment(), change.offset());
          index.put(change.header().key(), location);
        }
      }
    }
  }

  private void cutAtTornBody() {
    ArrayDeque<Pending> kept = new ArrayDeque<>();
    for (Pending record : pending) {
      if (record.damaged()) {
        state = record.before();
        break;
      }
      kept.add(record);
    }
    pending.clear();
    pending.addAll(kept);
  }

  /** {@return a record behind the end that says that more was durable than was found, or null} */
  private @Nullable RecordHeader durableBehind() {
    for (long number : files.segmentNumbers()) {
      if (number < state.segment()) {
        continue;
      }
      try (Window window = window(number)) {
        if (window == null) {
          continue;
        }
        long from = number == state.segment() ? state.end() : Format.PAGE;
        boolean hasHead = number == state.segment() || isSegment(window, number);
        for (long at = from; at + Format.PAGE <= window.byteSize(); at += Format.PAGE) {
          RecordHeader later =
              RecordHeader.readFrom(window.read(at, Format.PAGE), store, number, at);
          if (later != null && !hasHead && !isSegment(number)) {
            throw headDamaged(number);
          }
          if (later != null && later.syncedSequence() > state.lastSequence()) {
            return later;
          }
        }
      }
    }
    return null;
  }

  /** Looks again: a writer may have written the first page and the record after we looked. */
  private boolean isSegment(long number) {
    try (Window window = window(number)) {
      return window != null && isSegment(window, number);
    }
  }

  private CorruptionException damaged(RecordHeader later) {
    return Format.corrupt(
        "the log is damaged in %s at byte %d: no intact record continues it there, but the record in %s at byte %d says that changes up to %d were durable and only those up to %d are found; nothing was changed, restore the file or the store"
            .formatted(
                files.segment(state.segment()),
                state.end(),
                files.segment(later.segment()),
                later.offset(),
                later.syncedSequence(),
                state.lastSequence()));
  }

  private CorruptionException headDamaged(long segment) {
    return Format.corrupt(
        "the first page of %s is damaged and records follow; restore the file or the store"
            .formatted(files.segment(segment)));
  }

  /** The first page of a file is durable before a record is written to it. */
  private boolean isUnmade() {
    try (Window window = window(state.segment())) {
      if (window == null || isSegment(window, state.segment())) {
        return false;
      }
      for (long at = Format.PAGE; at + Format.PAGE <= window.byteSize(); at += Format.PAGE) {
        MemorySegment page = window.read(at, Format.PAGE);
        if (RecordHeader.readFrom(page, store, state.segment(), at) != null) {
          throw headDamaged(state.segment());
        }
      }
      return true;
    }
  }

  private boolean isTailClean() {
    try (Window window = window(state.segment())) {
      if (window == null || window.byteSize() != settings.segmentByteSize()) {
        return false;
      }
      for (long at = state.end(); at < window.byteSize(); at += Format.PAGE) {
        if (!isZero(window.read(at, Format.PAGE))) {
          return false;
        }
      }
    }
    for (long number : files.segmentNumbers()) {
      if (number > state.segment()) {
        return false;
      }
    }
    return true;
  }

  private static boolean isZero(MemorySegment page) {
    for (long at = 0; at < page.byteSize(); at += Long.BYTES) {
      if (page.get(Format.LONG, at) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Keeps what stands behind the end of the log beside it, for whoever wants to look. */
  void keepTail(LogState end) {
    Path kept = files.segments().resolve("%08d-%d.broken".formatted(end.segment(), end.end()));
    try (Window window = window(end.segment())) {
      if (window == null || files.disk().exists(kept)) {
        return;
      }
      long last = 0;
      for (long at = end.end(); at + Format.PAGE <= window.byteSize(); at += Format.PAGE) {
        last = isZero(window.read(at, Format.PAGE)) ? last : at + Format.PAGE;
      }
      if (last == 0) {
        return;
      }
      try (DiskFile copy =
          files.openBuffered(kept, Set.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE))) {
        for (long at = end.end(); at < last; at += Format.PAGE) {
          copy.writeFully(at - end.end(), window.read(at, Format.PAGE));
        }
      }
    }
  }

  private @Nullable Window window(long number) {
    StoreFiles.Pin pin = files.tryPin(files.segment(number));
    if (pin == null) {
      return null;
    }
    try {
      if (writable) {
        files.sync(pin.file()); // before anything is decided by what it holds
      }
      return new Window(pin);
    } catch (RuntimeException e) {
      pin.close();
      throw e;
    }
  }

  /** A file read through a buffer. */
  private final class Window implements AutoCloseable {
    private final StoreFiles.Pin pin;
    private final long byteSize;
    private Buffers.@Nullable Buffer buffer;
    private long start;
    private long length;

    Window(StoreFiles.Pin pin) {
      this.pin = pin;
      this.byteSize = Format.down(pin.file().byteSize(), Format.PAGE);
    }

    long byteSize() {
      return byteSize;
    }

    /** {@return bytes of whole pages; valid until the next call} */
    MemorySegment read(long offset, long count) {
      if (count > byteSize - offset) {
        throw Format.corrupt(
            "%s has %d bytes, too few for what stands in it"
                .formatted(pin.file().path(), byteSize));
      }
      Buffers.Buffer current = buffer;
      if (current == null || offset < start || offset + count > start + length) {
        long wanted = Math.min(byteSize - offset, Math.max(WINDOW, count));
        if (current == null || current.memory().byteSize() < wanted) {
          if (current != null) {
            current.close();
          }
          current = buffers.borrow(wanted);
          buffer = current;
        }
        length = 0;
        pin.file().readFully(offset, current.memory().asSlice(0, wanted));
        start = offset;
        length = wanted;
      }
      return current.memory().asSlice(offset - start, count);
    }

    @Override
    public void close() {
      if (buffer != null) {
        buffer.close();
      }
      pin.close();
    }
  }
}
