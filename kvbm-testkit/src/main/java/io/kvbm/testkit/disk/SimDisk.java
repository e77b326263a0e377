package io.kvbm.testkit.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A disk in memory that fails as disks do, the same way for the same seed and calls.
 *
 * <p>Writes and names sit in a page cache until they are synced. {@link #powerCut} ends every use
 * of the disk; {@link #reboot} gives the disk that is found afterwards: each 512-byte sector of
 * each write that was not synced is there or not (or torn), each length, each creation, rename and
 * removal that was not synced happened or not. Without a power cut, {@code reboot} is the death of
 * the process: all that was written is there.
 *
 * <p>Calls are counted from 1 and any of them can be made to fail ({@link #failAt}, {@link
 * #failFrom}), to cut the power ({@link #cutAt}) or to wait ({@link #stallAt}). Threading: safe
 * from any thread; the same seed gives the same faults as long as calls come in the same order.
 */
public final class SimDisk implements Disk {

  private static final String PLACEHOLDER = "XXXXXX";
  private static final int SUFFIX_RADIX = 36;
  private static final long DEFAULT_CAPACITY = 4L << 30;
  private static final int NO_DIRECT_ERRNO = 22;
  private static final int POWER_OFF_ERRNO = 5;

  private final Builder settings;
  private final SplittableRandom random;
  private final SimNames names;
  private final Set<Path> locks = new HashSet<>();
  private final SimSchedule schedule = new SimSchedule();
  private final SimHistory history;
  private final Map<SimOperation, Long> counts = new EnumMap<>(SimOperation.class);
  private long calls;
  private long nextNumber = 3;
  private long usedPages;
  private boolean off;
  private boolean cut;
  private boolean recovering;
  private boolean cutAfterwards;
  private SimOperation current = SimOperation.OPEN;

  private SimDisk(Builder settings, SplittableRandom random, SimNames names, SimHistory history) {
    this.settings = settings;
    this.random = random;
    this.names = names;
    this.history = history;
    for (SimNode node : names.nodes()) {
      usedPages += node.cached().pageCount();
    }
  }

  /**
   * {@return an empty disk of 4 GiB that works until it is told not to}
   *
   * @param seed decides everything that is left to chance
   */
  public static SimDisk of(long seed) {
    return builder(seed).build();
  }

  /**
   * {@return a builder of an empty disk}
   *
   * @param seed decides everything that is left to chance
   */
  public static Builder builder(long seed) {
    return new Builder(seed);
  }

  /**
   * Makes one later call fail.
   *
   * @param call the number of the call, counted from 1 since the disk was made
   * @param fault how
   */
  public synchronized void failAt(long call, SimFault fault) {
    schedule.failAt(call, fault);
  }

  /**
   * Makes a later call fail and every one behind it, until {@link #repair}.
   *
   * @param call the number of the first call that fails, counted from 1 since the disk was made
   * @param fault how; {@link SimFault#ENOSPC} hits only calls that take space
   */
  public synchronized void failFrom(long call, SimFault fault) {
    schedule.failFrom(call, fault);
  }

  /**
   * Makes a later read or write move only a part of the bytes, where the alignment allows.
   *
   * @param call the number of the call, counted from 1 since the disk was made
   */
  public synchronized void shortenAt(long call) {
    schedule.shortenAt(call);
  }

  /**
   * Makes every read and write from one call on move only a part of the bytes, until {@link
   * #repair}.
   *
   * @param call the number of the first call, counted from 1 since the disk was made
   */
  public synchronized void shortenFrom(long call) {
    schedule.shortenFrom(call);
  }

  /** Forgets the faults, cuts and stalls that were still to come. */
  public synchronized void repair() {
    schedule.clear();
    notifyAll();
  }

  /**
   * Cuts the power in the middle of a later call: what the call was to change may have happened in
   * part, and the call fails.
   *
   * @param call the number of the call, counted from 1 since the disk was made
   */
  public synchronized void cutAt(long call) {
    schedule.cutAt(call);
  }

  /**
   * Cuts the power in the middle of a later call of one phase.
   *
   * @param phase which calls count; of {@link CrashPhase#RECOVERY} those while {@link #recovering},
   *     of the others those while not
   * @param number which of these, counted from 1 and from now
   */
  public synchronized void cutAt(CrashPhase phase, long number) {
    schedule.cutAt(phase, number);
  }

  /**
   * Makes a later call wait until {@link #release}, as a device that has stopped answering does;
   * calls of other threads go on meanwhile.
   *
   * @param call the number of the call, counted from 1 since the disk was made
   */
  public synchronized void stallAt(long call) {
    schedule.stallAt(call);
  }

  /** Lets every call go on that waits, and those that were still to wait. */
  public synchronized void release() {
    schedule.release();
    notifyAll();
  }

  /** {@return how many calls wait for {@link #release} now} */
  public synchronized int stalled() {
    return schedule.waiting();
  }

  /**
   * Says whether a store is being opened, for {@link #crashes}.
   *
   * @param recovering whether crashes from now on are of the phase recovery
   */
  public synchronized void recovering(boolean recovering) {
    this.recovering = recovering;
  }

  /**
   * {@return how often the power of this disk, and of those it was rebooted from, was cut in one
   * phase}
   *
   * @param phase what the disk was doing
   */
  public synchronized long crashes(CrashPhase phase) {
    return history.crashes(phase);
  }

  /** {@return how many writes or reads of this disk and its predecessors went elsewhere: 0 or 1} */
  public synchronized long misdirected() {
    return history.misdirected();
  }

  /** {@return whether the power was cut or the disk was rebooted: nothing works any more} */
  public synchronized boolean isOff() {
    return off;
  }

  /**
   * Makes the next call fail.
   *
   * @param fault how
   */
  public synchronized void failNext(SimFault fault) {
    failAt(calls + 1, fault);
  }

  /** {@return how many calls there were} */
  public synchronized long calls() {
    return calls;
  }

  /**
   * {@return how many calls of one kind there were}
   *
   * @param operation the kind
   */
  public synchronized long calls(SimOperation operation) {
    return counts.getOrDefault(operation, 0L);
  }

  /** Cuts the power: every later call fails, files and locks are gone. */
  public synchronized void powerCut() {
    cutPower(CrashPhase.IDLE);
  }

  private void cutPower(CrashPhase phase) {
    if (!off) {
      off = true;
      cut = true;
      history.crashed(recovering ? CrashPhase.RECOVERY : phase);
      notifyAll();
    }
  }

  /**
   * Ends this disk, if a power cut has not, and starts again with what is left.
   *
   * @return the disk as the next process finds it, with the same settings and no faults
   */
  public synchronized SimDisk reboot() {
    off = true;
    notifyAll();
    SplittableRandom next = random.split();
    if (cut) {
      return new SimDisk(settings, next, names.afterCut(next, settings.tornSectors), history);
    }
    names.nodes().forEach(SimNode::abandoned);
    return new SimDisk(settings, next, names, history);
  }

  @Override
  public String name() {
    return "sim";
  }

  @Override
  public synchronized DiskFile open(Path path, Set<OpenOption> options) {
    begin(SimOperation.OPEN, path);
    SimFile file = openAt(key(path), path, options);
    end(path);
    return file;
  }

  private SimFile openAt(Path key, Path path, Set<OpenOption> options) {
    boolean direct = options.contains(OpenOption.DIRECT);
    if (direct && settings.directAlignment == 0) {
      throw failed(NO_DIRECT_ERRNO, "bypass the page cache for " + path + ": Invalid argument");
    }
    SimNode node = names.find(key);
    if (node == null) {
      node = create(key, path, options);
    } else if (options.contains(OpenOption.CREATE_NEW)) {
      throw new CallerException(
          ErrorCode.PRECONDITION_FAILED, "cannot open " + path + ": File exists");
    } else if (node.isDirectory()) {
      throw failed(21, "open " + path + ": Is a directory");
    } else if (options.contains(OpenOption.TRUNCATE)) {
      change(node, new SimChange.Resize(0));
    }
    node.opened();
    return new SimFile(
        this,
        node,
        path,
        nextNumber++,
        direct ? settings.directAlignment : 1,
        options.contains(OpenOption.READ) || !options.contains(OpenOption.WRITE),
        options.contains(OpenOption.WRITE));
  }

  private SimNode create(Path key, Path path, Set<OpenOption> options) {
    boolean wanted = options.contains(OpenOption.CREATE) || options.contains(OpenOption.CREATE_NEW);
    if (!wanted || !names.isDirectory(key.getParent())) {
      throw missing("open", path);
    }
    SimNode node = SimNode.file();
    names.link(key, node);
    return node;
  }

  @Override
  public synchronized DiskFile openTemporary(Path template, Set<OpenOption> options) {
    begin(SimOperation.OPEN, template);
    String name = String.valueOf(template.getFileName());
    int start = name.lastIndexOf(PLACEHOLDER);
    if (start < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "template " + template + " has no " + PLACEHOLDER + " in its last name to replace");
    }
    EnumSet<OpenOption> exclusive = EnumSet.of(OpenOption.CREATE_NEW);
    exclusive.addAll(options);
    Path made;
    do {
      StringBuilder text = new StringBuilder(name);
      for (int i = start; i < start + PLACEHOLDER.length(); i++) {
        text.setCharAt(i, Character.forDigit(random.nextInt(SUFFIX_RADIX), SUFFIX_RADIX));
      }
      made = template.resolveSibling(text.toString());
    } while (names.find(key(made)) != null);
    SimFile file = openAt(key(made), made, exclusive);
    end(template);
    return file;
  }

  @Override
  public synchronized boolean exists(Path path) {
    requirePower(path);
    return names.isDirectory(key(path)) || names.find(key(path)) != null;
  }

  @Override
  public synchronized List<Path> list(Path directory) {
    requirePower(directory);
    if (!names.isDirectory(key(directory))) {
      throw missing("list", directory);
    }
    return names.entries(key(directory)).stream()
        .map(entry -> directory.resolve(entry.getFileName()))
        .toList();
  }

  @Override
  public synchronized void createDirectories(Path directory) {
    begin(SimOperation.CREATE_DIRECTORIES, directory);
    Path key = key(directory);
    for (int depth = 1; depth <= key.getNameCount(); depth++) {
      Path part = key.getRoot().resolve(key.subpath(0, depth));
      SimNode node = names.find(part);
      if (node == null) {
        names.link(part, SimNode.directory());
      } else if (!node.isDirectory()) {
        throw failed(20, "create directory " + directory + ": Not a directory");
      }
    }
    end(directory);
  }

  @Override
  public synchronized void rename(Path source, Path target) {
    begin(SimOperation.RENAME, source);
    Path from = key(source);
    Path to = key(target);
    SimNode node = names.find(from);
    if (node == null || node.isDirectory() || !names.isDirectory(to.getParent())) {
      throw missing("rename to " + target + " the file", source);
    }
    SimNode replaced = names.find(to);
    if (replaced == node) {
      return;
    }
    if (replaced != null && replaced.isDirectory()) {
      throw failed(21, "rename " + source + " to " + target + ": Is a directory");
    }
    names.rename(from, to, node);
    if (replaced != null) {
      lostName(replaced);
    }
    end(source);
  }

  @Override
  public synchronized void unlink(Path path) {
    begin(SimOperation.UNLINK, path);
    SimNode node = names.find(key(path));
    if (node == null) {
      throw missing("unlink", path);
    }
    if (node.isDirectory()) {
      throw failed(21, "unlink " + path + ": Is a directory");
    }
    names.unlink(key(path));
    lostName(node);
    end(path);
  }

  private void lostName(SimNode node) {
    node.unnamed();
    forgetIfGone(node);
  }

  private void forgetIfGone(SimNode node) {
    if (node.isGone()) {
      usedPages -= node.cached().pageCount();
    }
  }

  @Override
  public synchronized void syncDirectory(Path directory) {
    begin(SimOperation.SYNC_DIRECTORY, directory);
    if (!names.isDirectory(key(directory))) {
      throw missing("sync directory", directory);
    }
    if (!settings.lyingSync) {
      names.sync(key(directory));
    }
    end(directory);
  }

  @Override
  public synchronized DiskLock lock(Path path) {
    requirePower(path);
    Path key = key(path);
    if (!locks.add(key)) {
      throw new TransientException(
          ErrorCode.LOCKED, path + " is locked by this process; stop it or use another directory");
    }
    return () -> unlock(key);
  }

  private synchronized void unlock(Path key) {
    locks.remove(key);
  }

  @Override
  public synchronized long usableByteSize(Path path) {
    requirePower(path);
    return Math.max(0, settings.capacityByteSize - usedPages * SimImage.PAGE);
  }

  synchronized long byteSize(SimFile file) {
    requireOpen(file);
    return file.node().cached().byteSize();
  }

  synchronized int read(SimFile file, long position, MemorySegment target) {
    requireTransfer(file, file.isReadable(), position, target);
    begin(SimOperation.READ, file.path());
    SimImage image = file.node().cached();
    if (position >= image.byteSize()) {
      return target.byteSize() == 0 ? 0 : -1;
    }
    long wanted = Math.min(target.byteSize(), image.byteSize() - position);
    int count = shorten(file, wanted);
    SimPlace place = new SimPlace(file.node(), position);
    if (settings.misdirectedReads > 0) {
      place = misdirect(place, count, settings.misdirectedReads);
    }
    place.node().cached().read(place.position(), target.asSlice(0, count));
    end(file.path());
    return count;
  }

  /** {@return where the bytes really go, or come from: elsewhere at most once} */
  private SimPlace misdirect(SimPlace place, int count, double probability) {
    if (history.misdirected() > 0 || random.nextDouble() >= probability) {
      return place;
    }
    SimPlace elsewhere = names.elsewhere(place, count, settings.misdirectedUnit, random);
    if (!elsewhere.equals(place)) {
      history.hasMisdirected();
    }
    return elsewhere;
  }

  synchronized int write(SimFile file, long position, MemorySegment source) {
    requireTransfer(file, file.isWritable(), position, source);
    begin(SimOperation.WRITE, file.path());
    if (source.byteSize() == 0) {
      return 0;
    }
    int count = shorten(file, source.byteSize());
    SimImage image = file.node().cached();
    while (count > 0 && !fits(image.missingPages(position, count))) {
      // What fits is written, as a file system does.
      long lastPage = (position + count - 1) / SimImage.PAGE * SimImage.PAGE;
      count = (int) Math.max(0, lastPage - position);
    }
    if (count == 0) {
      throw full(file.path(), source.byteSize());
    }
    SimPlace place = new SimPlace(file.node(), position);
    if (settings.misdirectedWrites > 0) {
      place = misdirect(place, count, settings.misdirectedWrites);
    }
    change(place.node(), SimChange.Write.of(place.position(), source.asSlice(0, count)));
    end(file.path());
    return count;
  }

  private int shorten(SimFile file, long length) {
    int count = (int) Math.min(length, Integer.MAX_VALUE & -SimImage.PAGE);
    boolean whole = settings.shortTransfers == 0 || random.nextDouble() >= settings.shortTransfers;
    if (whole && !schedule.shortens(calls)) {
      return count;
    }
    int units = count / file.alignment();
    return units < 2 ? count : file.alignment() * (1 + random.nextInt(units - 1));
  }

  synchronized void sync(SimFile file) {
    requireOpen(file);
    try {
      begin(SimOperation.SYNC, file.path());
    } catch (BackendException e) {
      if (e.nativeCode() == SimFault.EIO.errno()) {
        file.node().failSync(random, settings.tornSectors);
      }
      throw e;
    }
    if (!settings.lyingSync) {
      file.node().sync();
    }
    end(file.path());
  }

  synchronized void allocate(SimFile file, long position, long length) {
    requireRange(file, position, length);
    begin(SimOperation.ALLOCATE, file.path());
    // The first question is cheap and mostly enough; the last one walks over every page.
    if (!fits(Math.ceilDiv(length, SimImage.PAGE))
        && (length > settings.capacityByteSize
            || !fits(file.node().cached().missingPages(position, length)))) {
      throw full(file.path(), length);
    }
    change(file.node(), new SimChange.Reserve(position, length));
    end(file.path());
  }

  synchronized boolean punch(SimFile file, long position, long length) {
    requireRange(file, position, length);
    begin(SimOperation.PUNCH, file.path());
    long end = Math.min(file.node().cached().byteSize(), position + length);
    if (position < end) {
      change(file.node(), new SimChange.Punch(position, end - position));
    }
    end(file.path());
    return true;
  }

  synchronized void truncate(SimFile file, long byteSize) {
    if (byteSize != 0) {
      requireRange(file, 0, byteSize);
    }
    requireOpen(file);
    begin(SimOperation.TRUNCATE, file.path());
    change(file.node(), new SimChange.Resize(byteSize));
    end(file.path());
  }

  synchronized void close(SimFile file) {
    if (!file.isClosed()) {
      file.markClosed();
      if (!off) {
        file.node().closed();
        forgetIfGone(file.node());
      }
    }
  }

  private void change(SimNode node, SimChange change) {
    long before = node.cached().pageCount();
    node.change(change);
    usedPages += node.cached().pageCount() - before;
  }

  private boolean fits(long morePages) {
    return morePages <= settings.capacityByteSize / SimImage.PAGE - usedPages;
  }

  /** Counts a call and lets happen to it what was planned; {@link #end} is its other half. */
  private void begin(SimOperation operation, Path path) {
    requirePower(path);
    end(path); // where the former call was refused before it came to its end
    calls++;
    counts.merge(operation, 1L, Long::sum);
    current = operation;
    if (schedule.isEmpty()) {
      return;
    }
    long call = calls;
    stallIfPlanned(call, path);
    current = operation; // others called meanwhile
    CrashPhase phase = recovering ? CrashPhase.RECOVERY : CrashPhase.of(operation);
    if (schedule.takesCut(call, phase)) {
      cutAfterwards = operation != SimOperation.READ && random.nextBoolean();
      if (!cutAfterwards) {
        cutPower(phase);
        requirePower(path);
      }
    }
    SimFault fault = schedule.takeFault(call, operation);
    if (fault == SimFault.ENOSPC) {
      throw full(path, 0);
    }
    if (fault != null) {
      String what = operation.name().toLowerCase(Locale.ROOT);
      throw failed(fault.errno(), what + " " + path + ": " + fault.words());
    }
  }

  private void stallIfPlanned(long call, Path path) {
    boolean interrupted = false;
    while (schedule.holds(call) && !off) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    schedule.goesOn(call);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    requirePower(path);
  }

  /** Ends a call that changed something: its power cut may have waited for that. */
  private void end(Path path) {
    if (cutAfterwards) {
      cutAfterwards = false;
      cutPower(CrashPhase.of(current));
      requirePower(path);
    }
  }

  private void requirePower(Path path) {
    if (off) {
      throw failed(POWER_OFF_ERRNO, "reach " + path + ": the simulated disk is off; reboot it");
    }
  }

  private void requireOpen(SimFile file) {
    requirePower(file.path());
    if (file.isClosed()) {
      throw new ClosedException(ErrorCode.CLOSED, file.path() + " is closed");
    }
  }

  private void requireTransfer(SimFile file, boolean allowed, long position, MemorySegment memory) {
    requireOpen(file);
    if (!allowed) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, file.path() + " is not open for this direction");
    }
    if (position < 0) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS, "position " + position + " in " + file.path() + " is negative");
    }
    long bits = position | memory.byteSize() | memory.address();
    if (!memory.isNative() || (bits & (file.alignment() - 1)) != 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "access to %s needs off-heap memory and multiples of %d, got position %d, length %d"
              .formatted(file.path(), file.alignment(), position, memory.byteSize()));
    }
  }

  private void requireRange(SimFile file, long position, long length) {
    requireOpen(file);
    if (position < 0 || length <= 0 || position > Long.MAX_VALUE - length) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) are no range of a file (%s)"
              .formatted(position, position, length, file.path()));
    }
  }

  private CapacityException full(Path path, long requested) {
    long available = Math.max(0, settings.capacityByteSize - usedPages * SimImage.PAGE);
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "cannot write %s: %s; %d bytes asked for, %d left"
            .formatted(path, SimFault.ENOSPC.words(), requested, available),
        requested,
        available);
  }

  private static KvbmException missing(String action, Path path) {
    return new CallerException(
        ErrorCode.NOT_FOUND, "cannot " + action + " " + path + ": No such file or directory");
  }

  private static BackendException failed(int errno, String what) {
    return new BackendException(ErrorCode.OPERATION_FAILED, "cannot " + what, errno, null);
  }

  private static Path key(Path path) {
    return path.toAbsolutePath().normalize();
  }

  /** Says what a disk is like. For one thread. */
  public static final class Builder {
    private final long seed;
    private long capacityByteSize = DEFAULT_CAPACITY;
    private int directAlignment = SimImage.PAGE;
    private boolean tornSectors;
    private boolean lyingSync;
    private double shortTransfers;
    private double misdirectedWrites;
    private double misdirectedReads;
    private int misdirectedUnit = SimChange.SECTOR;

    private Builder(long seed) {
      this.seed = seed;
    }

    private Builder(Builder other) {
      this.seed = other.seed;
      this.capacityByteSize = other.capacityByteSize;
      this.directAlignment = other.directAlignment;
      this.tornSectors = other.tornSectors;
      this.lyingSync = other.lyingSync;
      this.shortTransfers = other.shortTransfers;
      this.misdirectedWrites = other.misdirectedWrites;
      this.misdirectedReads = other.misdirectedReads;
      this.misdirectedUnit = other.misdirectedUnit;
    }

    /**
     * Limits the space; 4 GiB unless set.
     *
     * @param byteSize how many bytes fit; files take whole pages of 4096
     * @return this builder
     */
    public Builder capacity(long byteSize) {
      capacityByteSize = byteSize;
      return this;
    }

    /**
     * Sets what direct access demands of address, position and length.
     *
     * @param byteSize a power of two; 0 refuses direct access
     * @return this builder
     */
    public Builder directAlignment(int byteSize) {
      directAlignment = byteSize;
      return this;
    }

    /**
     * Lets a 512-byte sector of a write that was not synced survive a power cut in part, or come
     * back as zeros or as garbage: the whole sector then, with bytes of it that had been durable.
     * Otherwise a sector is there or not.
     *
     * @return this builder
     */
    public Builder tornSectors() {
      tornSectors = true;
      return this;
    }

    /**
     * Makes every sync, also of directories, say that it worked and do nothing.
     *
     * @return this builder
     */
    public Builder lyingSync() {
      lyingSync = true;
      return this;
    }

    /**
     * Makes reads and writes move fewer bytes than asked.
     *
     * @param probability how often, 0 to 1
     * @return this builder
     */
    public Builder shortTransfers(double probability) {
      shortTransfers = probability;
      return this;
    }

    /**
     * Lets a write land at another place of the same or another file, at most one of the disk and
     * those it is rebooted to; the call says that it worked.
     *
     * @param probability how often, 0 to 1, until it happened
     * @return this builder
     */
    public Builder misdirectedWrites(double probability) {
      misdirectedWrites = probability;
      return this;
    }

    /**
     * Lets a read give the bytes of another place of the same or another file, at most one of the
     * disk and those it is rebooted to.
     *
     * @param probability how often, 0 to 1, until it happened
     * @return this builder
     */
    public Builder misdirectedReads(double probability) {
      misdirectedReads = probability;
      return this;
    }

    /**
     * Sets where misdirected bytes may go, or come from: any 512-byte sector unless set. With the
     * pages of a store they are what stands in another place, whole and intact.
     *
     * @param byteSize places begin at multiples of it, itself one of 512
     * @return this builder
     */
    public Builder misdirectedUnit(int byteSize) {
      misdirectedUnit = byteSize;
      return this;
    }

    /** {@return the empty disk} */
    public SimDisk build() {
      return new SimDisk(
          new Builder(this), new SplittableRandom(seed), new SimNames(), new SimHistory());
    }
  }
}
