/*
 * A simulator of the CUDA driver for tests on machines without a GPU: calls of the driver's API, on host
 * memory. Names, parameters and results are those of the CUDA Driver API reference, version 12.
 *
 * It is strict where drivers are, and stricter where that finds mistakes:
 * - a device address is no address of the process and is never handed out twice;
 * - every range must lie within one allocation; bytes around each allocation are guarded;
 * - new memory is 0xCD; freed memory is 0xDD and is kept for a while to see whether somebody still writes it;
 * - what a host function may not call gives NOT_PERMITTED.
 *
 * Each stream has a thread. All state is under one lock, which nobody holds while bytes are copied. The
 * functions kvbm_sim_* at the end control it: they make calls fail, slow streams down or stop them, and count
 * what is alive.
 *
 * Variables, for processes that cannot call the controls: CUDASIM_DEVICES, CUDASIM_BYTES (of each device) and
 * CUDASIM_LEDGER (the file that tells at exit what is alive). KVBM_SIM_* are the same; kvbm's own programs take
 * those for settings and refuse them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int CUresult;
typedef int CUdevice;
typedef uint64_t CUdeviceptr;

#define GUARD 512
#define PAGE 4096
#define HUGE_PAGE (2ull << 20)
#define GUARD_BYTE 0xA5
#define NEW_BYTE 0xCD
#define FREED_BYTE 0xDD
#define ALIGNMENT 512ull
#define MAX_DEVICES 16
#define DEVICE_BASE 0x0D0000000000ull
#define DEVICE_SPACE 0x010000000000ull
#define MAX_PITCH 0x7FFFFFFFull
#define MAX_DEPTH 64
#define QUARANTINE_BYTES (32ull << 20)
#define QUARANTINE_RANGES 1024

/* ---- results */

#define RESULTS(X)                                                                        \
  X(0, SUCCESS, "CUDA_SUCCESS", "no error")                                               \
  X(1, INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument")                     \
  X(2, OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory")                        \
  X(3, NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "not initialized")                  \
  X(4, DEINITIALIZED, "CUDA_ERROR_DEINITIALIZED", "driver shutting down")                 \
  X(100, NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no device")                                  \
  X(101, INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "no such device")                   \
  X(200, INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "not a module")                       \
  X(201, INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "no such context")                \
  X(209, NO_BINARY, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no code for this device")            \
  X(214, ECC, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable memory error")               \
  X(217, PEER_UNSUPPORTED, "CUDA_ERROR_PEER_ACCESS_UNSUPPORTED", "no access to the peer") \
  X(218, INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "PTX does not compile")                   \
  X(220, NVLINK, "CUDA_ERROR_NVLINK_UNCORRECTABLE", "uncorrectable error of NVLink")      \
  X(222, PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "PTX is too new")             \
  X(304, OPERATING_SYSTEM, "CUDA_ERROR_OPERATING_SYSTEM", "a system call failed")         \
  X(400, INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "no such object")                   \
  X(401, ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE", "object in another state")            \
  X(500, NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "no such name")                               \
  X(600, NOT_READY, "CUDA_ERROR_NOT_READY", "not finished")                               \
  X(700, ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "illegal memory access")          \
  X(701, LAUNCH_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too much to launch")    \
  X(702, LAUNCH_TIMEOUT, "CUDA_ERROR_LAUNCH_TIMEOUT", "launch ran too long")              \
  X(704, PEER_ENABLED, "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED", "peer already enabled")  \
  X(705, PEER_NOT_ENABLED, "CUDA_ERROR_PEER_ACCESS_NOT_ENABLED", "peer not enabled")      \
  X(709, DESTROYED, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context was destroyed")           \
  X(710, ASSERT, "CUDA_ERROR_ASSERT", "an assertion failed")                              \
  X(712, REGISTERED_BEFORE, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "overlaps registered memory") \
  X(713, NOT_REGISTERED, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "not registered")       \
  X(714, HARDWARE_STACK, "CUDA_ERROR_HARDWARE_STACK_ERROR", "hardware stack error")       \
  X(715, ILLEGAL_INSTRUCTION, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "illegal instruction")    \
  X(716, MISALIGNED, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address")               \
  X(717, ADDRESS_SPACE, "CUDA_ERROR_INVALID_ADDRESS_SPACE", "invalid address space")      \
  X(718, INVALID_PC, "CUDA_ERROR_INVALID_PC", "invalid program counter")                  \
  X(719, LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "launch failed")                      \
  X(800, NOT_PERMITTED, "CUDA_ERROR_NOT_PERMITTED", "not permitted")                      \
  X(801, NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "not supported")                      \
  X(802, SYSTEM_NOT_READY, "CUDA_ERROR_SYSTEM_NOT_READY", "system not ready")             \
  X(999, UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error")

#define AS_ENUM(number, constant, name, text) constant = number,
enum { RESULTS(AS_ENUM) };

typedef struct ResultName {
  CUresult result;
  const char *name, *text;
} ResultName;

#define AS_ROW(number, constant, name, text) {number, name, text},
static const ResultName RESULT_NAMES[] = {RESULTS(AS_ROW)};

/* What a context does not recover from. */
static int is_sticky(CUresult result) {
  return result == ECC || result == NVLINK || result == ILLEGAL_ADDRESS || result == LAUNCH_TIMEOUT ||
         result == ASSERT || (result >= HARDWARE_STACK && result <= LAUNCH_FAILED);
}

/* ---- state, all under the lock */

enum { DEVICE, POOLED, PINNED, REGISTERED, STREAMS, EVENTS, MODULES, CONTEXTS, KINDS };
static const char *const KIND_NAMES[KINDS] = {
    "device", "pooled", "pinned", "registered", "streams", "events", "modules", "contexts"};

typedef struct Context {
  int device;
  int retained;
  int ending;           /* with all it has; nobody gets it before the end */
  CUresult lost;        /* by which error, which every call then gives */
  unsigned peers;       /* a bit for each device whose memory kernels reach */
  struct Stream *legacy; /* the stream 0, made when first used */
} Context;

typedef struct Range {
  uint64_t address; /* as callers see it */
  uint64_t size;
  unsigned char *bytes; /* where it is */
  unsigned char *block; /* with guards; NULL for memory of the caller */
  int kind;
  int device; /* -1: of the host */
  Context *context;
  int uses;    /* operations that name it, queued or running */
  int running; /* operations that touch it now */
  int ready;   /* its stream has come to it */
  int freeing; /* for new operations it is gone */
  int gone;    /* for all */
  struct Range *next; /* in quarantine */
} Range;

/* An operation of a stream; no stream: none. */
typedef struct Turn {
  struct Stream *stream;
  uint64_t number;
} Turn;

typedef struct Event {
  Context *context;
  int timed;
  int destroyed;
  int uses;
  Turn recorded;   /* last */
  CUresult result; /* what its stream had to tell then */
  uint64_t error;  /* and which error that was */
  struct timespec time;
  struct Event *next;
} Event;

typedef struct Outcome {
  int done;
  CUresult result;
} Outcome;

typedef struct Operation {
  CUresult (*run)(struct Operation *);
  int runs_when_lost;
  struct Stream *stream;
  uint64_t number; /* in its stream, from 1 */
  Turn *after;     /* what it waits for besides */
  int afters;
  Turn awaited; /* by the caller's wish */
  Range *from, *to;                /* NULL: pageable memory of the host, or none */
  unsigned char *source, *target;  /* where the bytes are */
  uint64_t size, rows, source_pitch, target_pitch;
  unsigned char value;
  uint64_t table;
  uint32_t count;
  Event *event;
  void (*function)(void *);
  void (*callback)(struct Stream *, CUresult, void *);
  void *argument;
  struct Stream *handle; /* what the callback is told */
  Outcome *outcome;      /* of who waits for it */
  struct Operation *next;
} Operation;

typedef struct Stream {
  Context *context;
  int blocking; /* orders with the stream 0 */
  int closing, ended;
  uint64_t submitted, completed, last_kernel;
  Operation *first, **last;
  CUresult pending; /* an error that is not sticky and that nobody was told */
  uint64_t error;   /* which one */
  struct Stream *next;
} Stream;

typedef struct Function {
  char *name;
  struct Module *module;
  struct Function *next;
} Function;

typedef struct Module {
  Context *context;
  char *text;
  Function *functions;
  struct Module *next;
} Module;

typedef struct Pool {
  uint64_t reserved, reserved_high, used, used_high, threshold;
  int reuse[3];
} Pool;

typedef struct Failure {
  char call[64];
  CUresult result;
  int skip, times;
  struct Failure *next;
} Failure;

typedef struct Count {
  const char *call;
  long calls;
} Count;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int initialized;
static int device_count = 1;
static uint64_t device_size = 256ull << 20;
static uint64_t device_used[MAX_DEVICES], device_next[MAX_DEVICES];
static Context contexts[MAX_DEVICES];
static Pool pools[MAX_DEVICES];
static Range **ranges; /* by address */
static size_t range_count, range_room;
static Range *quarantine, **quarantine_end = &quarantine;
static uint64_t quarantine_bytes;
static int quarantine_count;
static Stream *streams; /* closed ones, too, until the reset */
static Event *events;
static Module *modules;
static Failure *failures;
static Count counts[160];
static long live[KINDS];
static long orphans[KINDS]; /* those of `live` whose context is gone */
static long damaged;        /* found in what is not kept any more */
static uint64_t errors;
static uint64_t latency_nanos;
static int held;
static const char *ledger_file;

static __thread Context *current[MAX_DEPTH];
static __thread int depth;
static __thread int in_callback;

static void *make(size_t size) {
  void *result = calloc(1, size);
  if (result == NULL) {
    abort();
  }
  return result;
}

static void await_change(void) {
  pthread_cond_wait(&changed, &lock);
}

static void tell_change(void) {
  pthread_cond_broadcast(&changed);
}

/* ---- how each call begins and ends */

static void count_call(const char *call) {
  int i = 0;
  while (counts[i].call != NULL && strcmp(counts[i].call, call) != 0) {
    i++;
  }
  counts[i].call = call;
  counts[i].calls++;
}

/* What a call was told to give, in the order it was told. */
static CUresult failure_of(const char *call) {
  for (Failure *failure = failures; failure != NULL; failure = failure->next) {
    if (failure->times == 0 || strcmp(failure->call, call) != 0) {
      continue;
    }
    if (failure->skip > 0) {
      failure->skip--;
      return SUCCESS;
    }
    failure->times -= failure->times > 0;
    return failure->result;
  }
  return SUCCESS;
}

static Context *context_now(void) {
  return depth > 0 ? current[depth - 1] : NULL;
}

static void lose(Context *context, CUresult result) {
  if (context->lost == SUCCESS) {
    context->lost = result;
    tell_change();
  }
}

enum Need { NOTHING, CONTEXT, CONTEXT_EVEN_LOST };

/* Takes the lock and tells whether the call may go on. */
static CUresult enter(const char *call, enum Need need) {
  pthread_mutex_lock(&lock);
  count_call(call);
  if (!initialized) {
    return NOT_INITIALIZED;
  }
  if (in_callback) {
    return NOT_PERMITTED;
  }
  Context *context = context_now();
  if (need != NOTHING && context == NULL) {
    return INVALID_CONTEXT;
  }
  if (need != NOTHING && context->retained == 0) {
    return DESTROYED;
  }
  if (need == CONTEXT && context->lost != SUCCESS) {
    return context->lost;
  }
  CUresult result = failure_of(call);
  if (need != NOTHING && is_sticky(result)) {
    lose(context, result);
  }
  return result;
}

static CUresult leave(CUresult result) {
  pthread_mutex_unlock(&lock);
  return result;
}

#define ENTER(call, need)                \
  CUresult entered = enter(call, need);  \
  if (entered != SUCCESS) {              \
    return leave(entered);               \
  }

#define REQUIRE(condition, result) \
  if (!(condition)) {              \
    return leave(result);          \
  }

static int is_device_ordinal(CUdevice device) {
  return device >= 0 && device < device_count;
}

static int is_context(Context *context) {
  return context >= contexts && context < contexts + device_count && context->retained > 0 &&
         context == &contexts[context->device];
}

/* ---- ranges of memory */

/* How many ranges begin at or below an address. */
static size_t ranges_up_to(uint64_t address) {
  size_t low = 0, high = range_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (ranges[middle]->address <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The range that holds all these bytes, or NULL. */
static Range *range_of(uint64_t address, uint64_t size) {
  size_t at = ranges_up_to(address);
  if (at == 0) {
    return NULL;
  }
  Range *range = ranges[at - 1];
  uint64_t offset = address - range->address;
  return offset < range->size && size <= range->size - offset ? range : NULL;
}

static int overlaps(const Range *range, uint64_t address, uint64_t size) {
  return address < range->address + range->size && range->address < address + size;
}

static int overlaps_any(uint64_t address, uint64_t size) {
  size_t at = ranges_up_to(address);
  return (at > 0 && overlaps(ranges[at - 1], address, size)) ||
         (at < range_count && overlaps(ranges[at], address, size));
}

static int overlaps_freed(uint64_t address, uint64_t size) {
  for (Range *range = quarantine; range != NULL; range = range->next) {
    if (range->kind == PINNED && overlaps(range, address, size)) {
      return 1;
    }
  }
  return 0;
}

/* Whether an address belongs to a device, allocated or not. */
static int is_device_address(uint64_t address) {
  return address >= DEVICE_BASE && address < DEVICE_BASE + MAX_DEVICES * DEVICE_SPACE;
}

static void insert_range(Range *range) {
  if (range_count == range_room) {
    range_room = range_room == 0 ? 64 : 2 * range_room;
    ranges = realloc(ranges, range_room * sizeof *ranges);
    if (ranges == NULL) {
      abort();
    }
  }
  size_t at = ranges_up_to(range->address);
  memmove(ranges + at + 1, ranges + at, (range_count - at) * sizeof *ranges);
  ranges[at] = range;
  range_count++;
  live[range->kind]++;
}

static void remove_range(Range *range) {
  size_t at = ranges_up_to(range->address) - 1;
  memmove(ranges + at, ranges + at + 1, (range_count - at - 1) * sizeof *ranges);
  range_count--;
}

static uint64_t rounded(uint64_t size) {
  return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static long others_than(unsigned char byte, const unsigned char *bytes, uint64_t size) {
  if (size == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, size - 1) == 0)) {
    return 0;
  }
  long others = 0;
  for (uint64_t i = 0; i < size; i++) {
    others += bytes[i] != byte;
  }
  return others;
}

/* Bytes around a range, and in it once it is freed, that somebody wrote. */
static long damage_of(const Range *range) {
  if (range->block == NULL) {
    return 0;
  }
  long found = others_than(GUARD_BYTE, range->bytes - GUARD, GUARD) +
               others_than(GUARD_BYTE, range->bytes + range->size, GUARD);
  return found + (range->gone ? others_than(FREED_BYTE, range->bytes, range->size) : 0);
}

static void trim_quarantine(uint64_t bytes, int count) {
  Range **at = &quarantine;
  while (*at != NULL && (quarantine_bytes > bytes || quarantine_count > count)) {
    Range *range = *at;
    if (range->uses > 0) {
      at = &range->next;
      continue;
    }
    *at = range->next;
    quarantine_bytes -= range->size;
    quarantine_count--;
    damaged += damage_of(range);
    free(range->block);
    free(range);
  }
  while (*at != NULL) {
    at = &(*at)->next;
  }
  quarantine_end = at;
}

/* Ends a range that nothing runs on. The lock is not held while its bytes are overwritten. */
static void release_range(Range *range) {
  remove_range(range);
  range->freeing = 1;
  range->gone = 1;
  live[range->kind]--;
  if (range->kind == DEVICE) {
    device_used[range->device] -= rounded(range->size);
  } else if (range->kind == POOLED) {
    pools[range->device].used -= rounded(range->size);
  }
  range->uses++;
  if (range->block != NULL) {
    pthread_mutex_unlock(&lock);
    memset(range->bytes, FREED_BYTE, range->size);
    pthread_mutex_lock(&lock);
  }
  range->uses--;
  *quarantine_end = range;
  quarantine_end = &range->next;
  quarantine_bytes += range->size;
  quarantine_count++;
  trim_quarantine(QUARANTINE_BYTES, QUARANTINE_RANGES);
  tell_change();
}

/* The bytes of a new range with its guards; false where the process has no memory. Called without the lock. */
static int make_bytes(Range *range) {
  uint64_t size = PAGE + range->size + GUARD;
  int big = size >= 2 * HUGE_PAGE;
  if (posix_memalign((void **)&range->block, big ? HUGE_PAGE : PAGE, size) != 0) {
    return 0;
  }
  if (big) {
    madvise(range->block, size / PAGE * PAGE, MADV_HUGEPAGE); /* fewer faults, where the machine has them */
  }
  range->bytes = range->block + PAGE;
  memset(range->bytes - GUARD, GUARD_BYTE, GUARD);
  memset(range->bytes, NEW_BYTE, range->size);
  memset(range->bytes + range->size, GUARD_BYTE, GUARD);
  return 1;
}

/* A range with bytes; NULL where the process has none. Lets go of the lock meanwhile. */
static Range *new_range(int kind, int device, uint64_t size) {
  Range *range = make(sizeof *range);
  range->kind = kind;
  range->device = device;
  range->size = size;
  range->context = context_now();
  range->ready = kind != POOLED;
  pthread_mutex_unlock(&lock);
  int made = make_bytes(range);
  pthread_mutex_lock(&lock);
  if (!made || (device >= 0 && device_next[device] + size > DEVICE_SPACE - 2 * ALIGNMENT)) {
    free(range->block);
    free(range);
    return NULL;
  }
  range->address = (uint64_t)range->bytes;
  if (device >= 0) {
    range->address = DEVICE_BASE + (uint64_t)device * DEVICE_SPACE + device_next[device];
    device_next[device] += rounded(size) + ALIGNMENT;
  }
  insert_range(range);
  return range;
}

/* Whether a device has so much; what the pool keeps is in use. */
static int has_room(int device, uint64_t size) {
  uint64_t taken = device_used[device] + pools[device].reserved;
  return taken <= device_size && size <= device_size - taken;
}

/* ---- streams: submitting */

static Stream *new_stream(Context *context, int blocking);

/* What a handle stands for; NULL for none. 0 and 1 are the stream that orders with all blocking ones. */
static Stream *stream_of(Stream *handle) {
  if (handle == NULL || handle == (Stream *)1) {
    Context *context = context_now();
    if (context->legacy == NULL) {
      context->legacy = new_stream(context, 1);
    }
    return context->legacy;
  }
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    if (stream == handle && !stream->closing && stream != stream->context->legacy) {
      return stream;
    }
  }
  return NULL;
}

static int is_over(Turn turn) {
  return turn.stream == NULL || turn.stream->completed >= turn.number;
}

static void come_after(Operation *operation, Turn turn) {
  if (!is_over(turn)) {
    operation->after[operation->afters++] = turn;
  }
}

/* What an operation comes after besides those of its stream: of the stream 0 all of the blocking ones, of
   those the stream 0. */
static void order(Operation *operation) {
  Stream *stream = operation->stream;
  Stream *legacy = stream->context->legacy;
  size_t room = 1;
  for (Stream *each = streams; each != NULL; each = each->next) {
    room++;
  }
  operation->after = make(room * sizeof *operation->after);
  come_after(operation, operation->awaited);
  for (Stream *each = streams; each != NULL && stream->blocking; each = each->next) {
    int before = stream == legacy ? each->blocking : each == legacy;
    if (before && each != stream && each->context == stream->context) {
      come_after(operation, (Turn){each, each->submitted});
    }
  }
}

static void submit(Stream *stream, Operation given) {
  Operation *operation = make(sizeof *operation);
  *operation = given;
  operation->stream = stream;
  operation->number = ++stream->submitted;
  order(operation);
  if (operation->from != NULL) {
    operation->from->uses++;
  }
  if (operation->to != NULL) {
    operation->to->uses++;
  }
  if (operation->event != NULL) {
    operation->event->uses++;
  }
  *stream->last = operation;
  stream->last = &operation->next;
  tell_change();
}

static CUresult submit_and_wait(Stream *stream, Operation operation) {
  Outcome outcome = {0, SUCCESS};
  operation.outcome = &outcome;
  submit(stream, operation);
  while (!outcome.done) {
    await_change();
  }
  return outcome.result;
}

static void await_turn(Turn turn) {
  while (!is_over(turn)) {
    await_change();
  }
}

/* The error of a stream that nobody was told; telling it ends it. */
static CUresult take_pending(Stream *stream) {
  if (stream->context->lost != SUCCESS) {
    return stream->context->lost;
  }
  CUresult result = stream->pending;
  stream->pending = SUCCESS;
  return result;
}

/* ---- streams: running. What runs is called with the lock held and may let go of it. */

static CUresult begin_use(Range *range) {
  if (range != NULL && (!range->ready || range->gone)) {
    return ILLEGAL_ADDRESS;
  }
  if (range != NULL) {
    range->running++;
  }
  return SUCCESS;
}

static void end_use(Range *range) {
  if (range != NULL) {
    range->running--;
  }
}

static void free_event(Event *event) {
  if (event->destroyed && event->uses == 0) {
    free(event);
  }
}

static void complete(Operation *operation, CUresult result) {
  Stream *stream = operation->stream;
  if (is_sticky(result)) {
    lose(stream->context, result);
  }
  if (operation->outcome != NULL) {
    operation->outcome->result = result;
    operation->outcome->done = 1;
  } else if (result != SUCCESS && !is_sticky(result)) {
    stream->pending = result;
    stream->error = ++errors;
  }
  if (operation->from != NULL) {
    operation->from->uses--;
  }
  if (operation->to != NULL) {
    operation->to->uses--;
  }
  if (operation->event != NULL) {
    operation->event->uses--;
    free_event(operation->event);
  }
  stream->completed = operation->number;
  free(operation->after);
  free(operation);
  tell_change();
}

static int may_start(Operation *operation) {
  if (operation->stream->context->lost != SUCCESS) {
    return 1;
  }
  for (int i = 0; i < operation->afters; i++) {
    if (!is_over(operation->after[i])) {
      return 0;
    }
  }
  return !held;
}

static void sleep_nanos(uint64_t nanos) {
  if (nanos > 0) {
    struct timespec time = {(time_t)(nanos / 1000000000), (long)(nanos % 1000000000)};
    pthread_mutex_unlock(&lock);
    nanosleep(&time, NULL);
    pthread_mutex_lock(&lock);
  }
}

static void *run_stream(void *argument) {
  Stream *stream = argument;
  pthread_mutex_lock(&lock);
  while (1) {
    while (stream->first == NULL ? !stream->closing : !may_start(stream->first)) {
      await_change();
    }
    Operation *operation = stream->first;
    if (operation == NULL) {
      break;
    }
    stream->first = operation->next;
    if (stream->first == NULL) {
      stream->last = &stream->first;
    }
    sleep_nanos(latency_nanos);
    CUresult lost = stream->context->lost;
    int runs = lost == SUCCESS || operation->runs_when_lost;
    complete(operation, runs ? operation->run(operation) : lost);
  }
  stream->ended = 1;
  tell_change();
  pthread_mutex_unlock(&lock);
  return NULL;
}

static Stream *new_stream(Context *context, int blocking) {
  Stream *stream = make(sizeof *stream);
  stream->context = context;
  stream->blocking = blocking;
  stream->last = &stream->first;
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_stream, stream) != 0) {
    free(stream);
    return NULL;
  }
  pthread_detach(thread);
  stream->next = streams;
  streams = stream;
  return stream;
}

static CUresult fate_of_copy(void) {
  count_call("copy");
  return failure_of("copy");
}

static CUresult run_copy(Operation *operation) {
  CUresult result = fate_of_copy();
  if (result != SUCCESS) {
    return result;
  }
  result = begin_use(operation->from);
  if (result != SUCCESS) {
    return result;
  }
  result = begin_use(operation->to);
  if (result == SUCCESS) {
    pthread_mutex_unlock(&lock);
    for (uint64_t row = 0; row < operation->rows; row++) {
      memmove(
          operation->target + row * operation->target_pitch,
          operation->source + row * operation->source_pitch,
          operation->size);
    }
    pthread_mutex_lock(&lock);
    end_use(operation->to);
  }
  end_use(operation->from);
  return result;
}

static CUresult run_fill(Operation *operation) {
  CUresult result = begin_use(operation->to);
  if (result == SUCCESS) {
    pthread_mutex_unlock(&lock);
    memset(operation->target, operation->value, operation->size);
    pthread_mutex_lock(&lock);
    end_use(operation->to);
  }
  return result;
}

/* Where a kernel of a context finds bytes; NULL where a GPU would fault. */
static unsigned char *reach(Context *context, uint64_t address, uint64_t size, Range **range) {
  *range = range_of(address, size);
  if (*range == NULL || begin_use(*range) != SUCCESS) {
    return NULL;
  }
  int device = (*range)->device;
  if (device >= 0 && device != context->device && !(context->peers >> device & 1)) {
    end_use(*range);
    return NULL;
  }
  return (*range)->bytes + (address - (*range)->address);
}

static CUresult copy_region(Context *context, const uint64_t *record) {
  if (record[2] == 0) {
    return SUCCESS;
  }
  CUresult result = fate_of_copy();
  if (result != SUCCESS) {
    return result;
  }
  Range *from, *to;
  unsigned char *source = reach(context, record[0], record[2], &from);
  if (source == NULL) {
    return ILLEGAL_ADDRESS;
  }
  unsigned char *target = reach(context, record[1], record[2], &to);
  if (target != NULL) {
    pthread_mutex_unlock(&lock);
    memmove(target, source, record[2]);
    pthread_mutex_lock(&lock);
    end_use(to);
  }
  end_use(from);
  return target == NULL ? ILLEGAL_ADDRESS : SUCCESS;
}

/* kvbm_copy_regions: records {u64 source, u64 target, u64 bytes}, read when it runs. */
static CUresult run_kernel(Operation *operation) {
  Context *context = operation->stream->context;
  if (operation->table % 8 != 0) {
    return MISALIGNED;
  }
  CUresult result = SUCCESS;
  for (uint32_t i = 0; i < operation->count && result == SUCCESS; i++) {
    Range *table;
    unsigned char *at = reach(context, operation->table + 24ull * i, 24, &table);
    if (at == NULL) {
      return ILLEGAL_ADDRESS;
    }
    uint64_t record[3];
    memcpy(record, at, sizeof record);
    end_use(table);
    result = copy_region(context, record);
  }
  return result;
}

static CUresult run_record(Operation *operation) {
  Event *event = operation->event;
  Stream *stream = operation->stream;
  if (event->recorded.stream == stream && event->recorded.number == operation->number) {
    clock_gettime(CLOCK_MONOTONIC, &event->time);
    event->result = stream->pending;
    event->error = stream->error;
  }
  return SUCCESS;
}

static CUresult run_wait(Operation *operation) {
  (void)operation;
  return SUCCESS;
}

static CUresult run_function(Operation *operation) {
  CUresult lost = operation->stream->context->lost;
  CUresult result = lost != SUCCESS ? lost : operation->stream->pending;
  pthread_mutex_unlock(&lock);
  in_callback = 1;
  if (operation->callback != NULL) {
    operation->callback(operation->handle, result, operation->argument);
  } else {
    operation->function(operation->argument);
  }
  in_callback = 0;
  pthread_mutex_lock(&lock);
  return SUCCESS;
}

static CUresult run_allocate(Operation *operation) {
  operation->to->ready = 1;
  return SUCCESS;
}

/* What another stream does with the memory now, it does after its end. */
static CUresult run_free(Operation *operation) {
  Range *range = operation->to;
  CUresult result = range->running > 0 ? ILLEGAL_ADDRESS : SUCCESS;
  while (range->running > 0) {
    await_change();
  }
  release_range(range);
  return result;
}

/* ---- the driver: devices */

#define API __attribute__((visibility("default")))

API CUresult cuInit(unsigned flags) {
  pthread_mutex_lock(&lock);
  count_call("cuInit");
  CUresult result = failure_of("cuInit");
  REQUIRE(result == SUCCESS, result)
  REQUIRE(flags == 0, INVALID_VALUE)
  REQUIRE(device_count > 0, NO_DEVICE)
  initialized = 1;
  return leave(SUCCESS);
}

API CUresult cuDriverGetVersion(int *version) {
  pthread_mutex_lock(&lock);
  count_call("cuDriverGetVersion");
  CUresult result = failure_of("cuDriverGetVersion");
  REQUIRE(result == SUCCESS, result)
  REQUIRE(version != NULL, INVALID_VALUE)
  *version = 12060;
  return leave(SUCCESS);
}

API CUresult cuDeviceGetCount(int *count) {
  ENTER("cuDeviceGetCount", NOTHING)
  REQUIRE(count != NULL, INVALID_VALUE)
  *count = device_count;
  return leave(SUCCESS);
}

API CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  ENTER("cuDeviceGet", NOTHING)
  REQUIRE(device != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(ordinal), INVALID_DEVICE)
  *device = ordinal;
  return leave(SUCCESS);
}

API CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  ENTER("cuDeviceGetName", NOTHING)
  REQUIRE(name != NULL && length > 0, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  snprintf(name, (size_t)length, "kvbm simulated device %d", device);
  return leave(SUCCESS);
}

API CUresult cuDeviceGetUuid(unsigned char uuid[16], CUdevice device) {
  ENTER("cuDeviceGetUuid", NOTHING)
  REQUIRE(uuid != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  memcpy(uuid, "kvbm simulated ", 15);
  uuid[15] = (unsigned char)device;
  return leave(SUCCESS);
}

API CUresult cuDeviceGetUuid_v2(unsigned char uuid[16], CUdevice device) {
  return cuDeviceGetUuid(uuid, device);
}

API CUresult cuDeviceGetPCIBusId(char *id, int length, CUdevice device) {
  ENTER("cuDeviceGetPCIBusId", NOTHING)
  REQUIRE(id != NULL && length > 0, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  snprintf(id, (size_t)length, "0000:%02X:00.0", device + 1);
  return leave(SUCCESS);
}

API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  ENTER("cuDeviceTotalMem", NOTHING)
  REQUIRE(bytes != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  *bytes = device_size;
  return leave(SUCCESS);
}

static int attribute_value(int attribute) {
  switch (attribute) {
    case 11: /* MAX_PITCH */
      return (int)MAX_PITCH;
    case 16: /* MULTIPROCESSOR_COUNT */
      return 4;
    case 40: /* ASYNC_ENGINE_COUNT */
      return 2;
    case 75: /* COMPUTE_CAPABILITY_MAJOR */
      return 9;
    case 19:  /* CAN_MAP_HOST_MEMORY */
    case 41:  /* UNIFIED_ADDRESSING */
    case 91:  /* CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM */
    case 99:  /* HOST_REGISTER_SUPPORTED */
    case 115: /* MEMORY_POOLS_SUPPORTED */
      return 1;
    default:
      return 0;
  }
}

API CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  ENTER("cuDeviceGetAttribute", NOTHING)
  REQUIRE(value != NULL && attribute > 0, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  *value = attribute_value(attribute);
  return leave(SUCCESS);
}

API CUresult cuDeviceCanAccessPeer(int *can, CUdevice device, CUdevice peer) {
  ENTER("cuDeviceCanAccessPeer", NOTHING)
  REQUIRE(can != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device) && is_device_ordinal(peer), INVALID_DEVICE)
  *can = device != peer;
  return leave(SUCCESS);
}

/* ---- the driver: contexts */

static void await_end(Context *context) {
  while (context->ending) {
    await_change();
  }
}

API CUresult cuDevicePrimaryCtxRetain(Context **context, CUdevice device) {
  ENTER("cuDevicePrimaryCtxRetain", NOTHING)
  REQUIRE(context != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  await_end(&contexts[device]);
  REQUIRE(contexts[device].lost == SUCCESS, contexts[device].lost)
  contexts[device].device = device;
  contexts[device].retained++;
  live[CONTEXTS]++;
  *context = &contexts[device];
  return leave(SUCCESS);
}

static void unload(Module *module) {
  while (module->functions != NULL) {
    Function *function = module->functions;
    module->functions = function->next;
    free(function->name);
    free(function);
  }
  free(module->text);
  free(module);
}

/* Objects that nobody gave back stay in the count, for whoever looks for what was forgotten; those of a lost
   context do not: nobody can give them back. */
static void abandon(Context *context, int kind) {
  if (context->lost == SUCCESS) {
    live[kind]++;
    orphans[kind]++;
  }
}

static void close_streams(Context *context) {
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    if (stream->context == context && !stream->closing) {
      stream->closing = 1;
      if (stream != context->legacy) {
        live[STREAMS]--;
        abandon(context, STREAMS);
      }
    }
  }
  context->legacy = NULL;
  tell_change();
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    while (stream->context == context && stream->closing && !stream->ended) {
      await_change();
    }
  }
}

/* What somebody frees now is left to him. */
static void release_ranges(Context *context) {
  size_t at = 0;
  while (at < range_count) {
    Range *range = ranges[at];
    if (range->context != context) {
      at++;
      continue;
    }
    if (range->freeing || range->running > 0) {
      await_change();
    } else {
      abandon(context, range->kind);
      release_range(range);
    }
    at = 0;
  }
}

static void destroy_events(Context *context) {
  for (Event **at = &events; *at != NULL;) {
    Event *event = *at;
    if (event->context == context) {
      *at = event->next;
      live[EVENTS]--;
      abandon(context, EVENTS);
      event->destroyed = 1;
      free_event(event);
    } else {
      at = &event->next;
    }
  }
}

static void unload_modules(Context *context) {
  for (Module **at = &modules; *at != NULL;) {
    Module *module = *at;
    if (module->context == context) {
      *at = module->next;
      live[MODULES]--;
      abandon(context, MODULES);
      unload(module);
    } else {
      at = &module->next;
    }
  }
}

API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  ENTER("cuDevicePrimaryCtxRelease", NOTHING)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  Context *context = &contexts[device];
  REQUIRE(context->retained > 0, INVALID_CONTEXT)
  live[CONTEXTS]--;
  if (--context->retained == 0) {
    context->ending = 1;
    close_streams(context);
    release_ranges(context);
    destroy_events(context);
    unload_modules(context);
    context->peers = 0;
    context->ending = 0;
    tell_change();
  }
  return leave(SUCCESS);
}

API CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
  ENTER("cuDevicePrimaryCtxGetState", NOTHING)
  REQUIRE(flags != NULL && active != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  *flags = 0;
  *active = contexts[device].retained > 0;
  return leave(SUCCESS);
}

API CUresult cuCtxPushCurrent_v2(Context *context) {
  CUresult entered = enter("cuCtxPushCurrent", NOTHING);
  if (is_sticky(entered) && is_context(context)) {
    lose(context, entered);
  }
  REQUIRE(entered == SUCCESS, entered)
  REQUIRE(is_context(context), INVALID_CONTEXT)
  REQUIRE(depth < MAX_DEPTH, OUT_OF_MEMORY)
  current[depth++] = context;
  return leave(SUCCESS);
}

/* What it is told to give is an error of earlier work: the context is popped all the same. */
API CUresult cuCtxPopCurrent_v2(Context **context) {
  CUresult result = enter("cuCtxPopCurrent", NOTHING);
  REQUIRE(result != NOT_INITIALIZED && result != NOT_PERMITTED, result)
  REQUIRE(depth > 0, INVALID_CONTEXT)
  depth--;
  if (context != NULL) {
    *context = current[depth];
  }
  return leave(result);
}

API CUresult cuCtxSetCurrent(Context *context) {
  ENTER("cuCtxSetCurrent", NOTHING)
  REQUIRE(context == NULL || is_context(context), INVALID_CONTEXT)
  depth -= depth > 0;
  if (context != NULL) {
    current[depth++] = context;
  }
  return leave(SUCCESS);
}

API CUresult cuCtxGetCurrent(Context **context) {
  ENTER("cuCtxGetCurrent", NOTHING)
  REQUIRE(context != NULL, INVALID_VALUE)
  *context = context_now();
  return leave(SUCCESS);
}

API CUresult cuCtxGetDevice(CUdevice *device) {
  ENTER("cuCtxGetDevice", CONTEXT_EVEN_LOST)
  REQUIRE(device != NULL, INVALID_VALUE)
  *device = context_now()->device;
  return leave(SUCCESS);
}

API CUresult cuCtxSynchronize(void) {
  ENTER("cuCtxSynchronize", CONTEXT)
  Context *context = context_now();
  CUresult result = SUCCESS;
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    if (stream->context == context) {
      await_turn((Turn){stream, stream->submitted});
    }
  }
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    if (stream->context == context && stream->pending != SUCCESS) {
      result = take_pending(stream);
    }
  }
  return leave(context->lost != SUCCESS ? context->lost : result);
}

API CUresult cuCtxEnablePeerAccess(Context *peer, unsigned flags) {
  ENTER("cuCtxEnablePeerAccess", CONTEXT)
  REQUIRE(flags == 0, INVALID_VALUE)
  REQUIRE(is_context(peer) && peer != context_now(), INVALID_CONTEXT)
  REQUIRE(!(context_now()->peers >> peer->device & 1), PEER_ENABLED)
  context_now()->peers |= 1u << peer->device;
  return leave(SUCCESS);
}

API CUresult cuCtxDisablePeerAccess(Context *peer) {
  ENTER("cuCtxDisablePeerAccess", CONTEXT)
  REQUIRE(is_context(peer), INVALID_CONTEXT)
  REQUIRE(context_now()->peers >> peer->device & 1, PEER_NOT_ENABLED)
  context_now()->peers &= ~(1u << peer->device);
  return leave(SUCCESS);
}

/* ---- the driver: memory */

API CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
  ENTER("cuMemGetInfo", CONTEXT)
  REQUIRE(available != NULL && total != NULL, INVALID_VALUE)
  int device = context_now()->device;
  *total = device_size;
  *available = device_size - device_used[device] - pools[device].reserved;
  return leave(SUCCESS);
}

API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size) {
  ENTER("cuMemAlloc", CONTEXT)
  REQUIRE(address != NULL && size > 0, INVALID_VALUE)
  int device = context_now()->device;
  REQUIRE(size <= device_size && has_room(device, rounded(size)), OUT_OF_MEMORY)
  device_used[device] += rounded(size);
  Range *range = new_range(DEVICE, device, size);
  if (range == NULL) {
    device_used[device] -= rounded(size);
    return leave(OUT_OF_MEMORY);
  }
  *address = range->address;
  return leave(SUCCESS);
}

/* Kernels name what they touch only when they run: waits for those that are queued. */
static void await_kernels(void) {
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    await_turn((Turn){stream, stream->last_kernel});
  }
}

/* Frees what begins at an address, as soon as nothing queued needs it. */
static CUresult free_at(uint64_t address, int kind, CUresult otherwise) {
  Range *range = range_of(address, 1);
  if (range == NULL || range->address != address || range->freeing ||
      (range->kind != kind && (kind != DEVICE || range->kind != POOLED))) {
    return otherwise;
  }
  range->freeing = 1;
  await_kernels();
  while (range->uses > 0 || range->running > 0) {
    await_change();
  }
  CUresult lost = range->context->lost;
  release_range(range);
  return lost;
}

API CUresult cuMemFree_v2(CUdeviceptr address) {
  ENTER("cuMemFree", CONTEXT_EVEN_LOST)
  return leave(free_at(address, DEVICE, INVALID_VALUE));
}

/* Takes memory of the pool, which grows if it must. */
static int take_pooled(int device, uint64_t size) {
  Pool *pool = &pools[device];
  uint64_t used = pool->used + size;
  if (used > pool->reserved && !has_room(device, used - pool->reserved)) {
    return 0;
  }
  pool->used = used;
  pool->used_high = used > pool->used_high ? used : pool->used_high;
  pool->reserved = used > pool->reserved ? used : pool->reserved;
  pool->reserved_high =
      pool->reserved > pool->reserved_high ? pool->reserved : pool->reserved_high;
  return 1;
}

API CUresult cuMemAllocAsync(CUdeviceptr *address, size_t size, Stream *handle) {
  ENTER("cuMemAllocAsync", CONTEXT)
  REQUIRE(address != NULL && size > 0, INVALID_VALUE)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  int device = stream->context->device;
  REQUIRE(size <= device_size && take_pooled(device, rounded(size)), OUT_OF_MEMORY)
  Range *range = new_range(POOLED, device, size);
  if (range == NULL) {
    pools[device].used -= rounded(size);
    return leave(OUT_OF_MEMORY);
  }
  range->context = stream->context;
  submit(stream, (Operation){.run = run_allocate, .runs_when_lost = 1, .to = range});
  *address = range->address;
  return leave(SUCCESS);
}

API CUresult cuMemFreeAsync(CUdeviceptr address, Stream *handle) {
  ENTER("cuMemFreeAsync", CONTEXT)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  Range *range = range_of(address, 1);
  REQUIRE(range != NULL && range->address == address, INVALID_VALUE)
  REQUIRE(range->device >= 0 && !range->freeing, INVALID_VALUE)
  range->freeing = 1;
  submit(stream, (Operation){.run = run_free, .runs_when_lost = 1, .to = range});
  return leave(SUCCESS);
}

API CUresult cuDeviceGetDefaultMemPool(Pool **pool, CUdevice device) {
  ENTER("cuDeviceGetDefaultMemPool", NOTHING)
  REQUIRE(pool != NULL, INVALID_VALUE)
  REQUIRE(is_device_ordinal(device), INVALID_DEVICE)
  *pool = &pools[device];
  return leave(SUCCESS);
}

static int is_pool(Pool *pool) {
  return pool >= pools && pool < pools + device_count;
}

API CUresult cuMemPoolTrimTo(Pool *pool, size_t keep) {
  ENTER("cuMemPoolTrimTo", NOTHING)
  REQUIRE(is_pool(pool), INVALID_VALUE)
  uint64_t kept = keep > pool->used ? keep : pool->used;
  pool->reserved = kept < pool->reserved ? kept : pool->reserved;
  return leave(SUCCESS);
}

/* Attributes 1 to 3 are ints and say how memory is reused, 4 is the threshold; of 5 to 8, reserved and used
   memory now and at most, only the maxima can be set, and only to 0. */
API CUresult cuMemPoolSetAttribute(Pool *pool, int attribute, void *value) {
  ENTER("cuMemPoolSetAttribute", NOTHING)
  REQUIRE(is_pool(pool) && value != NULL, INVALID_VALUE)
  if (attribute >= 1 && attribute <= 3) {
    pool->reuse[attribute - 1] = *(int *)value;
    return leave(SUCCESS);
  }
  uint64_t number = *(uint64_t *)value;
  REQUIRE(attribute == 4 || ((attribute == 6 || attribute == 8) && number == 0), INVALID_VALUE)
  if (attribute == 4) {
    pool->threshold = number;
  } else if (attribute == 6) {
    pool->reserved_high = pool->reserved;
  } else {
    pool->used_high = pool->used;
  }
  return leave(SUCCESS);
}

API CUresult cuMemPoolGetAttribute(Pool *pool, int attribute, void *value) {
  ENTER("cuMemPoolGetAttribute", NOTHING)
  REQUIRE(is_pool(pool) && value != NULL, INVALID_VALUE)
  REQUIRE(attribute >= 1 && attribute <= 8, INVALID_VALUE)
  uint64_t numbers[] = {
      pool->threshold, pool->reserved, pool->reserved_high, pool->used, pool->used_high};
  if (attribute <= 3) {
    *(int *)value = pool->reuse[attribute - 1];
  } else {
    *(uint64_t *)value = numbers[attribute - 4];
  }
  return leave(SUCCESS);
}

API CUresult cuMemHostAlloc(void **address, size_t size, unsigned flags) {
  ENTER("cuMemHostAlloc", CONTEXT)
  REQUIRE(address != NULL && size > 0 && flags < 8, INVALID_VALUE)
  Range *range = size > DEVICE_SPACE ? NULL : new_range(PINNED, -1, size);
  REQUIRE(range != NULL, OUT_OF_MEMORY)
  *address = range->bytes;
  return leave(SUCCESS);
}

API CUresult cuMemAllocHost_v2(void **address, size_t size) {
  return cuMemHostAlloc(address, size, 0);
}

API CUresult cuMemFreeHost(void *address) {
  ENTER("cuMemFreeHost", CONTEXT_EVEN_LOST)
  return leave(free_at((uint64_t)address, PINNED, INVALID_VALUE));
}

/* Whether the process has memory at all these addresses. */
static int is_mapped(uint64_t address, uint64_t size) {
  unsigned char pages[1024];
  uint64_t end = address + size;
  for (uint64_t at = address / PAGE * PAGE; at < end; at += sizeof pages * PAGE) {
    uint64_t length = end - at < sizeof pages * PAGE ? end - at : sizeof pages * PAGE;
    if (mincore((void *)at, length, pages) != 0) {
      return 0;
    }
  }
  return 1;
}

API CUresult cuMemHostRegister_v2(void *address, size_t size, unsigned flags) {
  ENTER("cuMemHostRegister", CONTEXT)
  uint64_t start = (uint64_t)address;
  REQUIRE(start != 0 && size > 0 && flags < 16 && start + size > start, INVALID_VALUE)
  REQUIRE(!is_device_address(start), INVALID_VALUE)
  REQUIRE(!overlaps_any(start, size), REGISTERED_BEFORE)
  REQUIRE(is_mapped(start, size), INVALID_VALUE)
  Range *range = make(sizeof *range);
  range->kind = REGISTERED;
  range->device = -1;
  range->context = context_now();
  range->ready = 1;
  range->address = start;
  range->bytes = address;
  range->size = size;
  insert_range(range);
  return leave(SUCCESS);
}

API CUresult cuMemHostUnregister(void *address) {
  ENTER("cuMemHostUnregister", CONTEXT_EVEN_LOST)
  return leave(free_at((uint64_t)address, REGISTERED, NOT_REGISTERED));
}

API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *device, void *address, unsigned flags) {
  ENTER("cuMemHostGetDevicePointer", CONTEXT)
  REQUIRE(device != NULL && flags == 0, INVALID_VALUE)
  Range *range = range_of((uint64_t)address, 1);
  REQUIRE(range != NULL && range->device < 0 && !range->freeing, INVALID_VALUE)
  *device = (uint64_t)address;
  return leave(SUCCESS);
}

API CUresult cuPointerGetAttribute(void *data, int attribute, CUdeviceptr address) {
  ENTER("cuPointerGetAttribute", CONTEXT)
  Range *range = range_of(address, 1);
  REQUIRE(data != NULL && range != NULL && !range->freeing, INVALID_VALUE)
  int is_host = range->device < 0;
  switch (attribute) {
    case 1: /* CONTEXT */
      *(Context **)data = range->context;
      break;
    case 2: /* MEMORY_TYPE */
      *(unsigned *)data = is_host ? 1 : 2;
      break;
    case 3: /* DEVICE_POINTER */
      *(uint64_t *)data = address;
      break;
    case 4: /* HOST_POINTER */
      REQUIRE(is_host, INVALID_VALUE)
      *(uint64_t *)data = address;
      break;
    case 9: /* DEVICE_ORDINAL */
      *(int *)data = range->context->device;
      break;
    case 11: /* RANGE_START_ADDR */
      *(uint64_t *)data = range->address;
      break;
    case 12: /* RANGE_SIZE */
      *(uint64_t *)data = range->size;
      break;
    default:
      return leave(INVALID_VALUE);
  }
  return leave(SUCCESS);
}

/* ---- the driver: copies */

enum Side { HOST_SIDE, DEVICE_SIDE, EITHER_SIDE };

/* Finds bytes that a copy names; false where it may not name them. No range: pageable memory of the host. */
static int locate(
    enum Side side, uint64_t address, uint64_t size, Range **range, unsigned char **bytes) {
  *range = range_of(address, size);
  if (address == 0 || address + size < address || (*range != NULL && (*range)->freeing)) {
    return 0;
  }
  if (*range != NULL) {
    *bytes = (*range)->bytes + (address - (*range)->address);
    return side != HOST_SIDE || (*range)->device < 0;
  }
  *bytes = (unsigned char *)address;
  return side != DEVICE_SIDE && !is_device_address(address) && !overlaps_any(address, size) &&
         !overlaps_freed(address, size);
}

typedef struct Copy {
  enum Side from, to;
  uint64_t source, target, size;
  uint64_t rows, source_pitch, target_pitch;
} Copy;

static Copy bytes_copy(
    enum Side to, uint64_t target, enum Side from, uint64_t source, uint64_t size) {
  return (Copy){from, to, source, target, size, 1, size, size};
}

/* From the first byte of a copy to its last; false where that is no number. */
static int extent(uint64_t rows, uint64_t pitch, uint64_t size, uint64_t *result) {
  return !__builtin_mul_overflow(rows - 1, pitch, result) &&
         !__builtin_add_overflow(*result, size, result);
}

/* Checks a copy and queues it. Where memory of the host is pageable, it is done when the call returns. */
static CUresult copy(Stream *handle, Copy copy, int waits) {
  Stream *stream = stream_of(handle);
  if (stream == NULL) {
    return INVALID_HANDLE;
  }
  if (copy.size == 0 || copy.rows == 0) {
    return SUCCESS;
  }
  Operation operation = {
      .run = run_copy,
      .size = copy.size,
      .rows = copy.rows,
      .source_pitch = copy.source_pitch,
      .target_pitch = copy.target_pitch};
  uint64_t source_size, target_size;
  if (!extent(copy.rows, copy.source_pitch, copy.size, &source_size) ||
      !extent(copy.rows, copy.target_pitch, copy.size, &target_size) ||
      !locate(copy.from, copy.source, source_size, &operation.from, &operation.source) ||
      !locate(copy.to, copy.target, target_size, &operation.to, &operation.target)) {
    return INVALID_VALUE;
  }
  if (waits || operation.from == NULL || operation.to == NULL) {
    return submit_and_wait(stream, operation);
  }
  submit(stream, operation);
  return SUCCESS;
}

API CUresult cuMemcpyHtoD_v2(CUdeviceptr target, const void *source, size_t size) {
  ENTER("cuMemcpyHtoD", CONTEXT)
  return leave(
      copy(NULL, bytes_copy(DEVICE_SIDE, target, HOST_SIDE, (uint64_t)source, size), 1));
}

API CUresult cuMemcpyDtoH_v2(void *target, CUdeviceptr source, size_t size) {
  ENTER("cuMemcpyDtoH", CONTEXT)
  return leave(
      copy(NULL, bytes_copy(HOST_SIDE, (uint64_t)target, DEVICE_SIDE, source, size), 1));
}

API CUresult cuMemcpyDtoD_v2(CUdeviceptr target, CUdeviceptr source, size_t size) {
  ENTER("cuMemcpyDtoD", CONTEXT)
  return leave(copy(NULL, bytes_copy(DEVICE_SIDE, target, DEVICE_SIDE, source, size), 1));
}

API CUresult cuMemcpyHtoDAsync_v2(
    CUdeviceptr target, const void *source, size_t size, Stream *stream) {
  ENTER("cuMemcpyHtoDAsync", CONTEXT)
  return leave(
      copy(stream, bytes_copy(DEVICE_SIDE, target, HOST_SIDE, (uint64_t)source, size), 0));
}

API CUresult cuMemcpyDtoHAsync_v2(void *target, CUdeviceptr source, size_t size, Stream *stream) {
  ENTER("cuMemcpyDtoHAsync", CONTEXT)
  return leave(
      copy(stream, bytes_copy(HOST_SIDE, (uint64_t)target, DEVICE_SIDE, source, size), 0));
}

API CUresult cuMemcpyDtoDAsync_v2(
    CUdeviceptr target, CUdeviceptr source, size_t size, Stream *stream) {
  ENTER("cuMemcpyDtoDAsync", CONTEXT)
  return leave(copy(stream, bytes_copy(DEVICE_SIDE, target, DEVICE_SIDE, source, size), 0));
}

API CUresult cuMemcpyAsync(CUdeviceptr target, CUdeviceptr source, size_t size, Stream *stream) {
  ENTER("cuMemcpyAsync", CONTEXT)
  return leave(copy(stream, bytes_copy(EITHER_SIDE, target, EITHER_SIDE, source, size), 0));
}

/* Whether bytes are memory of a context's device, or of the host, which all devices share. */
static int is_of(Context *context, uint64_t address) {
  Range *range = range_of(address, 1);
  return range != NULL && (range->device < 0 || range->device == context->device);
}

API CUresult cuMemcpyPeerAsync(
    CUdeviceptr target, Context *to, CUdeviceptr source, Context *from, size_t size,
    Stream *stream) {
  ENTER("cuMemcpyPeerAsync", CONTEXT)
  REQUIRE(is_context(to) && is_context(from), INVALID_CONTEXT)
  REQUIRE(size == 0 || (is_of(to, target) && is_of(from, source)), INVALID_VALUE)
  return leave(copy(stream, bytes_copy(DEVICE_SIDE, target, DEVICE_SIDE, source, size), 0));
}

/* CUDA_MEMCPY2D: sizes in bytes, rows from the top; kinds 1 host, 2 device, 4 unified. */
typedef struct Plane {
  size_t x, y;
  unsigned kind;
  void *host;
  CUdeviceptr device;
  void *array;
  size_t pitch;
} Plane;

typedef struct Copy2D {
  Plane source, target;
  size_t width, height;
} Copy2D;

_Static_assert(sizeof(Copy2D) == 128, "CUDA_MEMCPY2D has 128 bytes");

/* The side and the first byte of a plane; false where it is none. */
static int open_plane(
    const Plane *plane, uint64_t width, enum Side *side, uint64_t *address, uint64_t *pitch) {
  *side = plane->kind == 1 ? HOST_SIDE : plane->kind == 2 ? DEVICE_SIDE : EITHER_SIDE;
  *pitch = plane->pitch == 0 ? plane->x + width : plane->pitch;
  uint64_t start = plane->kind == 1 ? (uint64_t)plane->host : plane->device;
  uint64_t offset;
  return (plane->kind == 1 || plane->kind == 2 || plane->kind == 4) && plane->x <= *pitch &&
         width <= *pitch - plane->x && *pitch <= MAX_PITCH && start != 0 &&
         !__builtin_mul_overflow(plane->y, *pitch, &offset) &&
         !__builtin_add_overflow(start, offset, address) &&
         !__builtin_add_overflow(*address, plane->x, address);
}

API CUresult cuMemcpy2DAsync_v2(const Copy2D *planes, Stream *stream) {
  ENTER("cuMemcpy2DAsync", CONTEXT)
  REQUIRE(planes != NULL, INVALID_VALUE)
  Copy what = {.size = planes->width, .rows = planes->height};
  REQUIRE(
      open_plane(&planes->source, what.size, &what.from, &what.source, &what.source_pitch),
      INVALID_VALUE)
  REQUIRE(
      open_plane(&planes->target, what.size, &what.to, &what.target, &what.target_pitch),
      INVALID_VALUE)
  return leave(copy(stream, what, 0));
}

static CUresult fill(Stream *handle, CUdeviceptr target, unsigned char value, size_t size, int waits) {
  Stream *stream = stream_of(handle);
  if (stream == NULL) {
    return INVALID_HANDLE;
  }
  if (size == 0) {
    return SUCCESS;
  }
  Operation operation = {.run = run_fill, .value = value, .size = size};
  if (!locate(DEVICE_SIDE, target, size, &operation.to, &operation.target)) {
    return INVALID_VALUE;
  }
  if (waits) {
    return submit_and_wait(stream, operation);
  }
  submit(stream, operation);
  return SUCCESS;
}

API CUresult cuMemsetD8_v2(CUdeviceptr target, unsigned char value, size_t size) {
  ENTER("cuMemsetD8", CONTEXT)
  return leave(fill(NULL, target, value, size, 1));
}

API CUresult cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t size, Stream *stream) {
  ENTER("cuMemsetD8Async", CONTEXT)
  return leave(fill(stream, target, value, size, 0));
}

/* ---- the driver: streams */

static CUresult create_stream(Stream **result, unsigned flags) {
  if (result == NULL || flags > 1) {
    return INVALID_VALUE;
  }
  Stream *stream = new_stream(context_now(), flags == 0);
  if (stream == NULL) {
    return OUT_OF_MEMORY;
  }
  live[STREAMS]++;
  *result = stream;
  return SUCCESS;
}

API CUresult cuStreamCreateWithPriority(Stream **result, unsigned flags, int priority) {
  (void)priority; /* all streams have threads of their own */
  ENTER("cuStreamCreateWithPriority", CONTEXT)
  return leave(create_stream(result, flags));
}

API CUresult cuStreamCreate(Stream **result, unsigned flags) {
  ENTER("cuStreamCreate", CONTEXT)
  return leave(create_stream(result, flags));
}

/* Returns at once; what is queued is still done. */
API CUresult cuStreamDestroy_v2(Stream *handle) {
  ENTER("cuStreamDestroy", CONTEXT_EVEN_LOST)
  Stream *stream = handle == NULL || handle == (Stream *)1 ? NULL : stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  stream->closing = 1;
  live[STREAMS]--;
  tell_change();
  return leave(SUCCESS);
}

API CUresult cuStreamSynchronize(Stream *handle) {
  ENTER("cuStreamSynchronize", CONTEXT)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  await_turn((Turn){stream, stream->submitted});
  return leave(take_pending(stream));
}

API CUresult cuStreamQuery(Stream *handle) {
  ENTER("cuStreamQuery", CONTEXT)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  REQUIRE(stream->completed == stream->submitted, NOT_READY)
  return leave(take_pending(stream));
}

static int is_event(Event *event) {
  for (Event *each = events; each != NULL; each = each->next) {
    if (each == event) {
      return 1;
    }
  }
  return 0;
}

API CUresult cuStreamWaitEvent(Stream *handle, Event *event, unsigned flags) {
  ENTER("cuStreamWaitEvent", CONTEXT)
  REQUIRE(flags <= 1, INVALID_VALUE)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL && is_event(event), INVALID_HANDLE)
  submit(stream, (Operation){.run = run_wait, .awaited = event->recorded});
  return leave(SUCCESS);
}

API CUresult cuStreamAddCallback(
    Stream *handle, void (*callback)(Stream *, CUresult, void *), void *argument, unsigned flags) {
  ENTER("cuStreamAddCallback", CONTEXT)
  REQUIRE(callback != NULL && flags == 0, INVALID_VALUE)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  submit(
      stream,
      (Operation){
          .run = run_function,
          .runs_when_lost = 1,
          .callback = callback,
          .handle = handle,
          .argument = argument});
  return leave(SUCCESS);
}

/* Other than a callback, a host function is not called once the context is lost. */
API CUresult cuLaunchHostFunc(Stream *handle, void (*function)(void *), void *argument) {
  ENTER("cuLaunchHostFunc", CONTEXT)
  REQUIRE(function != NULL, INVALID_VALUE)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL, INVALID_HANDLE)
  submit(stream, (Operation){.run = run_function, .function = function, .argument = argument});
  return leave(SUCCESS);
}

/* ---- the driver: events */

API CUresult cuEventCreate(Event **result, unsigned flags) {
  ENTER("cuEventCreate", CONTEXT)
  REQUIRE(result != NULL && flags < 8, INVALID_VALUE)
  REQUIRE(!(flags & 4) || (flags & 2), INVALID_VALUE)
  Event *event = make(sizeof *event);
  event->context = context_now();
  event->timed = !(flags & 2);
  event->next = events;
  events = event;
  live[EVENTS]++;
  *result = event;
  return leave(SUCCESS);
}

API CUresult cuEventDestroy_v2(Event *event) {
  ENTER("cuEventDestroy", CONTEXT_EVEN_LOST)
  REQUIRE(is_event(event), INVALID_HANDLE)
  Event **at = &events;
  while (*at != event) {
    at = &(*at)->next;
  }
  *at = event->next;
  live[EVENTS]--;
  event->destroyed = 1;
  free_event(event);
  return leave(SUCCESS);
}

API CUresult cuEventRecord(Event *event, Stream *handle) {
  ENTER("cuEventRecord", CONTEXT)
  Stream *stream = stream_of(handle);
  REQUIRE(stream != NULL && is_event(event), INVALID_HANDLE)
  REQUIRE(event->context == stream->context, INVALID_HANDLE)
  submit(stream, (Operation){.run = run_record, .runs_when_lost = 1, .event = event});
  event->recorded = (Turn){stream, stream->submitted};
  event->result = SUCCESS;
  return leave(SUCCESS);
}

/* The error an event came after; its stream need not tell it again. */
static CUresult result_of(Event *event) {
  if (event->context->lost != SUCCESS) {
    return event->context->lost;
  }
  if (event->result != SUCCESS && event->recorded.stream->error == event->error) {
    event->recorded.stream->pending = SUCCESS;
  }
  return event->result;
}

API CUresult cuEventSynchronize(Event *event) {
  ENTER("cuEventSynchronize", CONTEXT)
  REQUIRE(is_event(event), INVALID_HANDLE)
  event->uses++;
  await_turn(event->recorded);
  CUresult result = result_of(event);
  event->uses--;
  free_event(event);
  return leave(result);
}

API CUresult cuEventQuery(Event *event) {
  ENTER("cuEventQuery", CONTEXT)
  REQUIRE(is_event(event), INVALID_HANDLE)
  REQUIRE(is_over(event->recorded), NOT_READY)
  return leave(result_of(event));
}

API CUresult cuEventElapsedTime(float *milliseconds, Event *start, Event *end) {
  ENTER("cuEventElapsedTime", CONTEXT)
  REQUIRE(milliseconds != NULL, INVALID_VALUE)
  REQUIRE(is_event(start) && is_event(end) && start->timed && end->timed, INVALID_HANDLE)
  REQUIRE(start->recorded.stream != NULL && end->recorded.stream != NULL, INVALID_HANDLE)
  REQUIRE(is_over(start->recorded) && is_over(end->recorded), NOT_READY)
  double seconds = (double)(end->time.tv_sec - start->time.tv_sec) +
                   1e-9 * (double)(end->time.tv_nsec - start->time.tv_nsec);
  *milliseconds = (float)(1e3 * seconds);
  return leave(SUCCESS);
}

API CUresult cuEventElapsedTime_v2(float *milliseconds, Event *start, Event *end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

/* ---- the driver: modules and kernels */

/* A copy of text with blanks where its comments are. */
static char *without_comments(const char *text) {
  size_t length = strlen(text);
  char *result = make(length + 1);
  memcpy(result, text, length);
  for (char *at = result; *at != 0;) {
    if (at[0] != '/' || (at[1] != '/' && at[1] != '*')) {
      at++;
      continue;
    }
    const char *closing = at[1] == '/' ? "\n" : "*/";
    char *end = strstr(at + 2, closing);
    end = end == NULL ? at + strlen(at) : end + strlen(closing);
    memset(at, ' ', (size_t)(end - at));
    at = end;
  }
  return result;
}

static int is_in_name(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_' || letter == '$';
}

/* Whether the text has `.entry NAME`; any name where none is given. */
static int has_entry(const char *text, const char *name) {
  for (const char *at = strstr(text, ".entry"); at != NULL; at = strstr(at, ".entry")) {
    at += strlen(".entry");
    const char *found = at + strspn(at, " \t\r\n");
    size_t length = 0;
    while (is_in_name(found[length])) {
      length++;
    }
    if (found > at && length > 0 &&
        (name == NULL || (strlen(name) == length && strncmp(found, name, length) == 0))) {
      return 1;
    }
  }
  return 0;
}

static CUresult load_module(Module **result, const void *image) {
  if (result == NULL || image == NULL) {
    return INVALID_VALUE;
  }
  char *text = without_comments(image);
  int is_ptx = strncmp(text + strspn(text, " \t\r\n"), ".version", strlen(".version")) == 0;
  if (!is_ptx || !has_entry(text, NULL)) {
    free(text);
    return is_ptx ? INVALID_PTX : INVALID_IMAGE;
  }
  Module *module = make(sizeof *module);
  module->context = context_now();
  module->text = text;
  module->next = modules;
  modules = module;
  live[MODULES]++;
  *result = module;
  return SUCCESS;
}

API CUresult cuModuleLoadData(Module **result, const void *image) {
  ENTER("cuModuleLoadData", CONTEXT)
  return leave(load_module(result, image));
}

API CUresult cuModuleLoadDataEx(
    Module **result, const void *image, unsigned count, int *options, void **values) {
  ENTER("cuModuleLoadDataEx", CONTEXT)
  REQUIRE(count == 0 || (options != NULL && values != NULL), INVALID_VALUE)
  return leave(load_module(result, image));
}

static Module **module_at(Module *module) {
  for (Module **at = &modules; *at != NULL; at = &(*at)->next) {
    if (*at == module) {
      return at;
    }
  }
  return NULL;
}

API CUresult cuModuleUnload(Module *module) {
  ENTER("cuModuleUnload", CONTEXT_EVEN_LOST)
  Module **at = module_at(module);
  REQUIRE(at != NULL, INVALID_HANDLE)
  *at = module->next;
  live[MODULES]--;
  unload(module);
  return leave(SUCCESS);
}

API CUresult cuModuleGetFunction(Function **result, Module *module, const char *name) {
  ENTER("cuModuleGetFunction", CONTEXT)
  REQUIRE(result != NULL && name != NULL && name[0] != 0, INVALID_VALUE)
  REQUIRE(module_at(module) != NULL, INVALID_HANDLE)
  REQUIRE(has_entry(module->text, name), NOT_FOUND)
  Function *function = module->functions;
  while (function != NULL && strcmp(function->name, name) != 0) {
    function = function->next;
  }
  if (function == NULL) {
    function = make(sizeof *function);
    function->name = make(strlen(name) + 1);
    memcpy(function->name, name, strlen(name));
    function->module = module;
    function->next = module->functions;
    module->functions = function;
  }
  *result = function;
  return leave(SUCCESS);
}

static int is_function(Function *function) {
  for (Module *module = modules; module != NULL; module = module->next) {
    for (Function *each = module->functions; each != NULL; each = each->next) {
      if (each == function) {
        return 1;
      }
    }
  }
  return 0;
}

API CUresult cuFuncGetAttribute(int *value, int attribute, Function *function) {
  ENTER("cuFuncGetAttribute", CONTEXT)
  REQUIRE(value != NULL && attribute >= 0 && attribute < 16, INVALID_VALUE)
  REQUIRE(is_function(function), INVALID_HANDLE)
  *value = attribute == 0 ? 1024 : attribute == 4 ? 32 : attribute == 5 || attribute == 6 ? 90 : 0;
  return leave(SUCCESS);
}

static int is_shape(
    const unsigned grid[3], const unsigned block[3], unsigned shared) {
  return grid[0] >= 1 && grid[0] <= 0x7FFFFFFF && grid[1] >= 1 && grid[1] <= 65535 &&
         grid[2] >= 1 && grid[2] <= 65535 && block[0] >= 1 && block[0] <= 1024 && block[1] >= 1 &&
         block[1] <= 1024 && block[2] >= 1 && block[2] <= 64 &&
         (uint64_t)block[0] * block[1] * block[2] <= 1024 && shared <= 49152;
}

API CUresult cuLaunchKernel(
    Function *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
    unsigned block_y, unsigned block_z, unsigned shared, Stream *handle, void **parameters,
    void **extra) {
  ENTER("cuLaunchKernel", CONTEXT)
  const unsigned grid[] = {grid_x, grid_y, grid_z}, block[] = {block_x, block_y, block_z};
  Stream *stream = stream_of(handle);
  REQUIRE(is_function(function) && stream != NULL, INVALID_HANDLE)
  REQUIRE(function->module->context == context_now(), INVALID_HANDLE)
  REQUIRE(stream->context == context_now(), INVALID_HANDLE)
  REQUIRE(is_shape(grid, block, shared) && parameters != NULL && extra == NULL, INVALID_VALUE)
  REQUIRE(parameters[0] != NULL && parameters[1] != NULL, INVALID_VALUE)
  REQUIRE(strcmp(function->name, "kvbm_copy_regions") == 0, NOT_SUPPORTED)
  Operation operation = {.run = run_kernel};
  memcpy(&operation.table, parameters[0], sizeof operation.table);
  memcpy(&operation.count, parameters[1], sizeof operation.count);
  submit(stream, operation);
  stream->last_kernel = stream->submitted;
  return leave(SUCCESS);
}

/* ---- the driver: words */

static const ResultName *name_of(CUresult result) {
  for (size_t i = 0; i < sizeof RESULT_NAMES / sizeof *RESULT_NAMES; i++) {
    if (RESULT_NAMES[i].result == result) {
      return &RESULT_NAMES[i];
    }
  }
  return NULL;
}

API CUresult cuGetErrorName(CUresult result, const char **name) {
  const ResultName *found = name_of(result);
  if (name == NULL) {
    return INVALID_VALUE;
  }
  *name = found == NULL ? NULL : found->name;
  return found == NULL ? INVALID_VALUE : SUCCESS;
}

API CUresult cuGetErrorString(CUresult result, const char **text) {
  const ResultName *found = name_of(result);
  if (text == NULL) {
    return INVALID_VALUE;
  }
  *text = found == NULL ? NULL : found->text;
  return found == NULL ? INVALID_VALUE : SUCCESS;
}

/* ---- controls */

/* A call's name without the suffix that cuda.h gives it. */
static void plain_name(char name[64], const char *call) {
  snprintf(name, 64, "%s", call);
  size_t length = strlen(name);
  if (length > 3 && strncmp(name + length - 3, "_v", 2) == 0) {
    name[length - 3] = 0;
  }
}

/* How many objects of a kind are alive; of all kinds for NULL; -1 for no kind. */
API long kvbm_sim_live(const char *kind) {
  pthread_mutex_lock(&lock);
  long result = kind == NULL ? 0 : -1;
  for (int i = 0; i < KINDS; i++) {
    if (kind == NULL) {
      result += live[i];
    } else if (strcmp(kind, KIND_NAMES[i]) == 0) {
      result = live[i];
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}

/* How often a call was made since the reset. */
API long kvbm_sim_calls(const char *call) {
  char name[64];
  plain_name(name, call);
  pthread_mutex_lock(&lock);
  int i = 0;
  while (counts[i].call != NULL && strcmp(counts[i].call, name) != 0) {
    i++;
  }
  long result = counts[i].calls;
  pthread_mutex_unlock(&lock);
  return result;
}

static long count_damage(void) {
  long result = damaged;
  for (size_t i = 0; i < range_count; i++) {
    result += damage_of(ranges[i]);
  }
  for (Range *range = quarantine; range != NULL; range = range->next) {
    result += damage_of(range);
  }
  return result;
}

/* Bytes around allocations, and in freed ones, that were overwritten since the reset. */
API long kvbm_sim_damaged(void) {
  pthread_mutex_lock(&lock);
  long result = count_damage();
  pthread_mutex_unlock(&lock);
  return result;
}

static void forget_failures(void) {
  while (failures != NULL) {
    Failure *failure = failures;
    failures = failure->next;
    free(failure);
  }
}

/* After `skip` good calls, the next `times` give `result`; all of them where `times` is below 0. The call
   "copy" is each copy as it runs, also those that a kernel makes. */
API void kvbm_sim_fail(const char *call, int result, int skip, int times) {
  Failure *failure = make(sizeof *failure);
  plain_name(failure->call, call);
  failure->result = result;
  failure->skip = skip;
  failure->times = times;
  pthread_mutex_lock(&lock);
  Failure **at = &failures;
  while (*at != NULL) {
    at = &(*at)->next;
  }
  *at = failure;
  pthread_mutex_unlock(&lock);
}

/* Nothing that was to fail fails any more. */
API void kvbm_sim_forget_failures(void) {
  pthread_mutex_lock(&lock);
  forget_failures();
  pthread_mutex_unlock(&lock);
}

/* How long each operation of a stream takes before it does anything. */
API void kvbm_sim_latency(uint64_t nanos_per_operation) {
  pthread_mutex_lock(&lock);
  latency_nanos = nanos_per_operation;
  pthread_mutex_unlock(&lock);
}

/* Stops streams before their next operation, or lets them go on. */
API void kvbm_sim_hold(int on) {
  pthread_mutex_lock(&lock);
  held = on != 0;
  tell_change();
  pthread_mutex_unlock(&lock);
}

/* Makes lost contexts work again, which real ones never do. */
API void kvbm_sim_clear_error(void) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < MAX_DEVICES; i++) {
    contexts[i].lost = SUCCESS;
  }
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    stream->pending = SUCCESS;
  }
  pthread_mutex_unlock(&lock);
}

static void forget_streams(void) {
  while (streams != NULL) {
    Stream *stream = streams;
    while (!stream->ended) {
      await_change();
    }
    streams = stream->next;
    free(stream);
  }
}

/* The objects that are alive. Those whose context is gone nobody can end: they are counted this once. */
static long count_alive(void) {
  long alive = 0;
  for (int i = 0; i < KINDS; i++) {
    alive += live[i];
    live[i] -= orphans[i];
    orphans[i] = 0;
  }
  return alive;
}

static void reset_device(int device) {
  device_used[device] = 0;
  if (device_next[device] > DEVICE_SPACE / 2) {
    device_next[device] = 0;
  }
  contexts[device] = (Context){.device = device};
  pools[device] = (Pool){.reuse = {1, 1, 1}};
}

/* Begins anew with so many devices of so many bytes, where nothing is alive; else returns how many objects
   are. -1: so many devices there cannot be. */
API int kvbm_sim_reset(int devices, uint64_t bytes_per_device) {
  if (devices < 0 || devices > MAX_DEVICES) {
    return -1;
  }
  pthread_mutex_lock(&lock);
  for (int i = 0; i < MAX_DEVICES; i++) {
    await_end(&contexts[i]);
  }
  long alive = count_alive();
  if (alive > 0) {
    pthread_mutex_unlock(&lock);
    return (int)alive;
  }
  held = 0;
  latency_nanos = 0;
  tell_change();
  forget_streams();
  forget_failures();
  trim_quarantine(0, 0);
  memset(counts, 0, sizeof counts);
  damaged = 0;
  device_count = devices;
  device_size = bytes_per_device;
  for (int i = 0; i < MAX_DEVICES; i++) {
    reset_device(i);
  }
  pthread_mutex_unlock(&lock);
  return 0;
}

static const char *variable(const char *name) {
  char full[64];
  snprintf(full, sizeof full, "CUDASIM_%s", name);
  const char *value = getenv(full);
  if (value == NULL) {
    snprintf(full, sizeof full, "KVBM_SIM_%s", name);
    value = getenv(full);
  }
  return value;
}

__attribute__((constructor)) static void begin(void) {
  const char *devices = variable("DEVICES");
  const char *bytes = variable("BYTES");
  int count = devices == NULL ? 1 : atoi(devices);
  ledger_file = variable("LEDGER");
  kvbm_sim_reset(
      count < 0 ? 0 : count > MAX_DEVICES ? MAX_DEVICES : count,
      bytes == NULL ? device_size : strtoull(bytes, NULL, 10));
}

__attribute__((destructor)) static void write_ledger(void) {
  FILE *file = ledger_file == NULL ? NULL : fopen(ledger_file, "w");
  if (file == NULL) {
    return;
  }
  pthread_mutex_lock(&lock);
  for (int i = 0; i < KINDS; i++) {
    fprintf(file, "%s %ld\n", KIND_NAMES[i], live[i]);
  }
  fprintf(file, "damaged %ld\n", count_damage());
  pthread_mutex_unlock(&lock);
  fclose(file);
}
