/*
 * A simulator of the CUDA driver for tests on machines without a GPU: the calls that kvbm makes, on host
 * memory. Names, parameters and results are those of the CUDA Driver API reference (NVIDIA).
 *
 * It is stricter than a driver where that finds mistakes: a device address is no address of the process and
 * is never handed out twice, each range must lie in one allocation, new memory is 0xCD, bytes around each
 * allocation are guarded. Streams run on threads of their own. What is alive is counted. Functions
 * kvbm_sim_* control it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int CUresult;
typedef int CUdevice;
typedef uint64_t CUdeviceptr;

enum {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201,
  INVALID_PTX = 218,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  ALREADY_REGISTERED = 712,
  NOT_REGISTERED = 713
};

enum { DEVICE_MEMORY, PINNED, REGISTERED, STREAMS, EVENTS, MODULES, CONTEXTS, KINDS };
static const char *const KIND_NAMES[KINDS] = {
    "device", "pinned", "registered", "streams", "events", "modules", "contexts"};

#define API __attribute__((visibility("default")))
#define MAX_DEVICES 8
#define GUARD 64
#define GUARD_BYTE 0xA5
#define NEW_BYTE 0xCD
#define ALIGNMENT 512ull
#define DEVICE_BASE 0x0D0000000000ull
#define DEVICE_SPACE 0x010000000000ull

/* ---- state, all under one lock; nobody copies bytes while holding it */

typedef struct Range {
  uint64_t address; /* as callers see it */
  uint64_t size;
  unsigned char *bytes; /* where it is */
  unsigned char *block; /* what malloc gave, with guards; NULL for memory of the caller */
  int kind;
  int device; /* -1: of the host */
  int copies; /* operations that use it now */
  int freed;  /* goes with the last of them */
  struct Range *next;
} Range;

typedef struct Context {
  int device;
  int retained;
  CUresult lost;
} Context;

typedef struct Event {
  int kind;
  Context *context;
  uint64_t recorded; /* how often */
  uint64_t reached;
  CUresult result;
} Event;

typedef struct Operation {
  void (*run)(struct Operation *);
  struct Operation *next;
  struct Stream *stream;
  uint64_t target, source, size, target_pitch, source_pitch, rows;
  unsigned char value;
  Event *event;
  uint64_t turn;
  void (*function)(void *);
  void *argument;
} Operation;

typedef struct Stream {
  int kind;
  Context *context;
  pthread_t thread;
  Operation *first, **last;
  int busy;
  int closing;
  struct Stream *next;
} Stream;

typedef struct Module {
  int kind;
  Context *context;
} Module;

typedef struct Failure {
  char call[64];
  int result, skip, times;
  struct Failure *next;
} Failure;

typedef struct Count {
  char call[64];
  int calls;
  struct Count *next;
} Count;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int initialized;
static int device_count = 1;
static uint64_t device_size = 256ull << 20;
static uint64_t device_used[MAX_DEVICES], device_next[MAX_DEVICES];
static Context contexts[MAX_DEVICES];
static Range *ranges;
static Stream *streams;
static Failure *failures;
static Count *counts;
static long live[KINDS];
static long damaged;
static uint64_t latency_nanos;
static int held;
static int kernel_name_holder;

static __thread Context *current[32];
static __thread int depth;

/* ---- controls */

static void count_call(const char *call) {
  Count *count;
  for (count = counts; count != NULL; count = count->next) {
    if (strcmp(count->call, call) == 0) {
      count->calls++;
      return;
    }
  }
  count = calloc(1, sizeof *count);
  snprintf(count->call, sizeof count->call, "%s", call);
  count->calls = 1;
  count->next = counts;
  counts = count;
}

static CUresult failure_of(const char *call) {
  for (Failure *failure = failures; failure != NULL; failure = failure->next) {
    if (failure->times > 0 && strcmp(failure->call, call) == 0) {
      if (failure->skip > 0) {
        failure->skip--;
      } else {
        failure->times--;
        return failure->result;
      }
    }
  }
  return SUCCESS;
}

static int is_sticky(CUresult result) {
  return result == 700 || result == 702 || result == 710 || (result >= 714 && result <= 719);
}

/* What every call but cuInit begins with; returns with the lock held. */
static CUresult enter(const char *call, int needs_context) {
  pthread_mutex_lock(&lock);
  count_call(call);
  CUresult result = failure_of(call);
  if (!initialized) {
    return NOT_INITIALIZED;
  }
  Context *context = depth > 0 ? current[depth - 1] : NULL;
  if (needs_context && (context == NULL || context->retained == 0)) {
    return INVALID_CONTEXT;
  }
  if (needs_context && context->lost != SUCCESS) {
    return context->lost;
  }
  if (result != SUCCESS && needs_context && is_sticky(result)) {
    context->lost = result;
  }
  return result;
}

static CUresult leave(CUresult result) {
  pthread_mutex_unlock(&lock);
  return result;
}

#define ENTER(call, needs_context)                  \
  CUresult entered = enter(call, needs_context);    \
  if (entered != SUCCESS) {                         \
    return leave(entered);                          \
  }

API long kvbm_sim_live(const char *kind) {
  pthread_mutex_lock(&lock);
  long result = 0;
  for (int i = 0; i < KINDS; i++) {
    if (kind == NULL || strcmp(kind, KIND_NAMES[i]) == 0) {
      result += live[i];
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}

API int kvbm_sim_calls(const char *call) {
  int calls = 0;
  pthread_mutex_lock(&lock);
  for (Count *count = counts; count != NULL; count = count->next) {
    if (strcmp(count->call, call) == 0) {
      calls = count->calls;
    }
  }
  pthread_mutex_unlock(&lock);
  return calls;
}

API long kvbm_sim_damaged(void) {
  pthread_mutex_lock(&lock);
  long result = damaged;
  pthread_mutex_unlock(&lock);
  return result;
}

API void kvbm_sim_fail(const char *call, int result, int skip, int times) {
  Failure *failure = calloc(1, sizeof *failure);
  snprintf(failure->call, sizeof failure->call, "%s", call);
  failure->result = result;
  failure->skip = skip;
  failure->times = times;
  pthread_mutex_lock(&lock);
  failure->next = failures;
  failures = failure;
  pthread_mutex_unlock(&lock);
}

API void kvbm_sim_latency(uint64_t nanos) {
  pthread_mutex_lock(&lock);
  latency_nanos = nanos;
  pthread_mutex_unlock(&lock);
}

API void kvbm_sim_hold(int on) {
  pthread_mutex_lock(&lock);
  held = on;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

API void kvbm_sim_clear_error(void) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < MAX_DEVICES; i++) {
    contexts[i].lost = SUCCESS;
  }
  pthread_mutex_unlock(&lock);
}

static void drop(Range *range);

/* Begins anew, where nothing is alive; returns how many objects are. */
API long kvbm_sim_reset(int devices, uint64_t bytes) {
  long alive = kvbm_sim_live(NULL);
  if (alive > 0 || devices < 0 || devices > MAX_DEVICES) {
    return alive > 0 ? alive : -1;
  }
  pthread_mutex_lock(&lock);
  device_count = devices;
  device_size = bytes;
  damaged = 0;
  latency_nanos = 0;
  held = 0;
  while (failures != NULL) {
    Failure *failure = failures;
    failures = failure->next;
    free(failure);
  }
  while (counts != NULL) {
    Count *count = counts;
    counts = count->next;
    free(count);
  }
  while (ranges != NULL) { /* of contexts that were lost */
    drop(ranges);
  }
  damaged = 0;
  memset(device_used, 0, sizeof device_used);
  memset(contexts, 0, sizeof contexts);
  pthread_mutex_unlock(&lock);
  return 0;
}

static const char *ledger_file;

static void write_ledger(void) {
  FILE *file = fopen(ledger_file, "w");
  if (file != NULL) {
    for (int i = 0; i < KINDS; i++) {
      fprintf(file, "%s %ld\n", KIND_NAMES[i], live[i]);
    }
    fprintf(file, "damaged %ld\n", damaged);
    fclose(file);
  }
}

__attribute__((constructor)) static void read_environment(void) {
  const char *devices = getenv("CUDASIM_DEVICES");
  const char *bytes = getenv("CUDASIM_BYTES");
  ledger_file = getenv("CUDASIM_LEDGER");
  if (devices != NULL) {
    device_count = atoi(devices) < MAX_DEVICES ? atoi(devices) : MAX_DEVICES;
  }
  if (bytes != NULL) {
    device_size = strtoull(bytes, NULL, 10);
  }
  if (ledger_file != NULL) {
    atexit(write_ledger);
  }
}

/* ---- memory */

static Range *range_of(uint64_t address, uint64_t size) {
  for (Range *range = ranges; range != NULL; range = range->next) {
    if (!range->freed && address >= range->address && size <= range->size &&
        address - range->address <= range->size - size) {
      return range;
    }
  }
  return NULL;
}

/* Whether an address belongs to a device, allocated or not. */
static int is_device(uint64_t address) {
  return address >= DEVICE_BASE && address < DEVICE_BASE + MAX_DEVICES * DEVICE_SPACE;
}

static void drop(Range *range) {
  for (Range **at = &ranges; *at != NULL; at = &(*at)->next) {
    if (*at == range) {
      *at = range->next;
      break;
    }
  }
  if (range->block != NULL) {
    for (int i = 0; i < GUARD; i++) {
      damaged += range->block[i] != GUARD_BYTE;
      damaged += range->bytes[range->size + i] != GUARD_BYTE;
    }
    free(range->block);
  }
  free(range);
}

static void free_range(Range *range) {
  live[range->kind]--;
  if (range->device >= 0) {
    device_used[range->device] -= range->size;
  }
  range->freed = 1;
  if (range->copies == 0) {
    drop(range);
  }
}

static Range *new_range(int kind, int device, uint64_t size) {
  Range *range = calloc(1, sizeof *range);
  range->kind = kind;
  range->device = device;
  range->size = size;
  if (posix_memalign((void **)&range->block, 4096, size + 4096 + GUARD) != 0) {
    free(range);
    return NULL;
  }
  memset(range->block, GUARD_BYTE, 4096);
  range->bytes = range->block + 4096;
  memset(range->bytes, NEW_BYTE, size);
  memset(range->bytes + size, GUARD_BYTE, GUARD);
  if (device >= 0) {
    range->address = DEVICE_BASE + device * DEVICE_SPACE + device_next[device];
    device_next[device] += (size + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    device_used[device] += size;
  } else {
    range->address = (uint64_t)range->bytes;
  }
  range->next = ranges;
  ranges = range;
  live[kind]++;
  return range;
}

/* ---- what streams do */

static void settle(Stream *stream, CUresult result) {
  if (result != SUCCESS) {
    pthread_mutex_lock(&lock);
    stream->context->lost = result;
    pthread_mutex_unlock(&lock);
  }
}

/* Copies bytes, wherever they are; pageable host memory is where it says. */
static CUresult copy_bytes(uint64_t target, uint64_t source, uint64_t size) {
  pthread_mutex_lock(&lock);
  Range *from = range_of(source, size), *to = range_of(target, size);
  CUresult result = failure_of("copy");
  if (result == SUCCESS && ((from == NULL && is_device(source)) || (to == NULL && is_device(target)))) {
    result = ILLEGAL_ADDRESS;
  }
  if (result != SUCCESS) {
    return leave(result);
  }
  if (from != NULL) {
    from->copies++;
  }
  if (to != NULL) {
    to->copies++;
  }
  unsigned char *at = to == NULL ? (unsigned char *)target : to->bytes + (target - to->address);
  unsigned char *of = from == NULL ? (unsigned char *)source : from->bytes + (source - from->address);
  pthread_mutex_unlock(&lock);
  memmove(at, of, size);
  pthread_mutex_lock(&lock);
  if (from != NULL && --from->copies == 0 && from->freed) {
    drop(from);
  }
  if (to != NULL && --to->copies == 0 && to->freed) {
    drop(to);
  }
  return leave(SUCCESS);
}

static void run_copy(Operation *operation) {
  CUresult result = SUCCESS;
  for (uint64_t row = 0; row < operation->rows && result == SUCCESS; row++) {
    result = copy_bytes(
        operation->target + row * operation->target_pitch,
        operation->source + row * operation->source_pitch,
        operation->size);
  }
  settle(operation->stream, result);
}

static void run_fill(Operation *operation) {
  pthread_mutex_lock(&lock);
  Range *range = range_of(operation->target, operation->size);
  if (range == NULL) {
    operation->stream->context->lost = ILLEGAL_ADDRESS;
  } else {
    memset(
        range->bytes + (operation->target - range->address), operation->value, operation->size);
  }
  pthread_mutex_unlock(&lock);
}

/* The kernel kvbm_copy_regions: records of source, target and length. What it reads and writes is memory that
   a device reaches. */
static void run_kernel(Operation *operation) {
  uint64_t count = operation->size;
  uint64_t *records = malloc(count * 24);
  CUresult result = SUCCESS;
  pthread_mutex_lock(&lock);
  Range *table = range_of(operation->source, count * 24);
  if (table == NULL) {
    result = ILLEGAL_ADDRESS;
  } else {
    memcpy(records, table->bytes + (operation->source - table->address), count * 24);
  }
  pthread_mutex_unlock(&lock);
  for (uint64_t i = 0; i < count && result == SUCCESS; i++) {
    pthread_mutex_lock(&lock);
    int reached = range_of(records[3 * i], records[3 * i + 2]) != NULL &&
                  range_of(records[3 * i + 1], records[3 * i + 2]) != NULL;
    pthread_mutex_unlock(&lock);
    result = reached ? copy_bytes(records[3 * i + 1], records[3 * i], records[3 * i + 2])
                     : ILLEGAL_ADDRESS;
  }
  free(records);
  settle(operation->stream, result);
}

static void run_event(Operation *operation) {
  pthread_mutex_lock(&lock);
  Event *event = operation->event;
  if (operation->turn > event->reached) {
    event->reached = operation->turn;
  }
  event->result = operation->stream->context->lost;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void run_wait(Operation *operation) {
  pthread_mutex_lock(&lock);
  while (operation->event->reached < operation->turn) {
    pthread_cond_wait(&changed, &lock);
  }
  pthread_mutex_unlock(&lock);
}

static void run_function(Operation *operation) {
  operation->function(operation->argument);
}

static void *run_stream(void *argument) {
  Stream *stream = argument;
  pthread_mutex_lock(&lock);
  while (1) {
    while ((stream->first == NULL && !stream->closing) || (stream->first != NULL && held)) {
      pthread_cond_wait(&changed, &lock);
    }
    Operation *operation = stream->first;
    if (operation == NULL) {
      break;
    }
    stream->first = operation->next;
    if (stream->first == NULL) {
      stream->last = &stream->first;
    }
    stream->busy = 1;
    int lost = stream->context->lost != SUCCESS;
    uint64_t nanos = latency_nanos;
    pthread_mutex_unlock(&lock);
    if (nanos > 0) {
      struct timespec time = {(time_t)(nanos / 1000000000), (long)(nanos % 1000000000)};
      nanosleep(&time, NULL);
    }
    if (!lost || operation->run == run_event || operation->run == run_function) {
      operation->run(operation);
    }
    free(operation);
    pthread_mutex_lock(&lock);
    stream->busy = 0;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static int is_stream(Stream *stream) {
  for (Stream *each = streams; each != NULL; each = each->next) {
    if (each == stream) {
      return 1;
    }
  }
  return 0;
}

static void await_stream(Stream *stream) {
  while (stream->first != NULL || stream->busy) {
    pthread_cond_wait(&changed, &lock);
  }
}

static void append(Stream *stream, Operation operation) {
  Operation *copy = malloc(sizeof *copy);
  *copy = operation;
  copy->stream = stream;
  copy->next = NULL;
  *stream->last = copy;
  stream->last = &copy->next;
  pthread_cond_broadcast(&changed);
}

/* Checks an asynchronous copy and queues it. Pageable memory of the host is copied by the time the call returns. */
static CUresult queue_copy(Stream *stream, Operation copy, int source_is_device, int target_is_device) {
  if (!is_stream(stream)) {
    return INVALID_HANDLE;
  }
  uint64_t source_size = (copy.rows - 1) * copy.source_pitch + copy.size;
  uint64_t target_size = (copy.rows - 1) * copy.target_pitch + copy.size;
  Range *from = range_of(copy.source, source_size), *to = range_of(copy.target, target_size);
  if ((source_is_device && (from == NULL || from->device < 0)) ||
      (target_is_device && (to == NULL || to->device < 0)) ||
      (!source_is_device && is_device(copy.source)) || (!target_is_device && is_device(copy.target)) ||
      (copy.rows > 1 && (copy.source_pitch < copy.size || copy.target_pitch < copy.size))) {
    return INVALID_VALUE;
  }
  copy.run = run_copy;
  append(stream, copy);
  if (from == NULL || to == NULL) {
    await_stream(stream);
  }
  return stream->context->lost;
}

/* ---- the driver: devices and contexts */

API CUresult cuInit(unsigned flags) {
  pthread_mutex_lock(&lock);
  count_call("cuInit");
  CUresult result = failure_of("cuInit");
  if (result == SUCCESS && flags != 0) {
    result = INVALID_VALUE;
  }
  initialized |= result == SUCCESS;
  return leave(result);
}

API CUresult cuDriverGetVersion(int *version) {
  *version = 12060;
  return SUCCESS;
}

API CUresult cuDeviceGetCount(int *count) {
  ENTER("cuDeviceGetCount", 0);
  *count = device_count;
  return leave(SUCCESS);
}

API CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  ENTER("cuDeviceGet", 0);
  if (ordinal < 0 || ordinal >= device_count) {
    return leave(INVALID_DEVICE);
  }
  *device = ordinal;
  return leave(SUCCESS);
}

API CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  snprintf(name, length, "kvbm simulated device %d", device);
  return SUCCESS;
}

API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  (void)device;
  *bytes = device_size;
  return SUCCESS;
}

API CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  (void)device;
  switch (attribute) {
    case 11: /* MAX_PITCH */
      *value = 0x7FFFFFFF;
      break;
    case 16: /* MULTIPROCESSOR_COUNT */
      *value = 4;
      break;
    case 75: /* COMPUTE_CAPABILITY_MAJOR */
      *value = 9;
      break;
    case 19: /* CAN_MAP_HOST_MEMORY */
    case 41: /* UNIFIED_ADDRESSING */
      *value = 1;
      break;
    default:
      *value = 0;
  }
  return SUCCESS;
}

API CUresult cuDevicePrimaryCtxRetain(Context **context, CUdevice device) {
  ENTER("cuDevicePrimaryCtxRetain", 0);
  if (device < 0 || device >= device_count) {
    return leave(INVALID_DEVICE);
  }
  contexts[device].device = device;
  live[CONTEXTS] += contexts[device].retained++ == 0;
  *context = &contexts[device];
  return leave(SUCCESS);
}

/* With the last one, everything of the context goes. */
API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  ENTER("cuDevicePrimaryCtxRelease", 0);
  if (device < 0 || device >= device_count || contexts[device].retained == 0) {
    return leave(INVALID_CONTEXT);
  }
  if (--contexts[device].retained == 0) {
    live[CONTEXTS]--;
    if (contexts[device].lost != SUCCESS) {
      memset(live, 0, sizeof live); /* what a lost context had, nobody can give back */
      for (int i = 0; i < device_count; i++) {
        live[CONTEXTS] += contexts[i].retained > 0;
      }
    }
    contexts[device].lost = SUCCESS;
  }
  return leave(SUCCESS);
}

API CUresult cuCtxPushCurrent_v2(Context *context) {
  ENTER("cuCtxPushCurrent", 0);
  if (context == NULL || context->retained == 0 || depth == 32) {
    return leave(INVALID_CONTEXT);
  }
  current[depth++] = context;
  return leave(SUCCESS);
}

API CUresult cuCtxPopCurrent_v2(Context **context) {
  ENTER("cuCtxPopCurrent", 0);
  if (depth == 0) {
    return leave(INVALID_CONTEXT);
  }
  depth--;
  if (context != NULL) {
    *context = current[depth];
  }
  return leave(SUCCESS);
}

API CUresult cuCtxSynchronize(void) {
  ENTER("cuCtxSynchronize", 1);
  Context *context = current[depth - 1];
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    if (stream->context == context) {
      await_stream(stream);
    }
  }
  return leave(context->lost);
}

/* ---- the driver: memory */

API CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
  ENTER("cuMemGetInfo", 1);
  *total = device_size;
  *available = device_size - device_used[current[depth - 1]->device];
  return leave(SUCCESS);
}

API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size) {
  ENTER("cuMemAlloc", 1);
  int device = current[depth - 1]->device;
  if (size == 0) {
    return leave(INVALID_VALUE);
  }
  if (size > device_size - device_used[device]) {
    return leave(OUT_OF_MEMORY);
  }
  Range *range = new_range(DEVICE_MEMORY, device, size);
  if (range == NULL) {
    return leave(OUT_OF_MEMORY);
  }
  *address = range->address;
  return leave(SUCCESS);
}

static CUresult free_at(uint64_t address, int kind, CUresult otherwise) {
  Range *range = range_of(address, 1);
  if (range == NULL || range->address != address || range->kind != kind) {
    return otherwise;
  }
  /* As cuMemFree does, wait for what may use it. */
  for (Stream *stream = streams; stream != NULL; stream = stream->next) {
    if (!held) {
      await_stream(stream);
    }
  }
  range = range_of(address, 1);
  if (range == NULL) {
    return otherwise;
  }
  free_range(range);
  return SUCCESS;
}

API CUresult cuMemFree_v2(CUdeviceptr address) {
  ENTER("cuMemFree", 1);
  return leave(free_at(address, DEVICE_MEMORY, INVALID_VALUE));
}

API CUresult cuMemHostAlloc(void **address, size_t size, unsigned flags) {
  (void)flags;
  ENTER("cuMemHostAlloc", 1);
  Range *range = size == 0 || size > 1ull << 40 ? NULL : new_range(PINNED, -1, size);
  if (range == NULL) {
    return leave(size == 0 ? INVALID_VALUE : OUT_OF_MEMORY);
  }
  *address = range->bytes;
  return leave(SUCCESS);
}

API CUresult cuMemFreeHost(void *address) {
  ENTER("cuMemFreeHost", 1);
  return leave(free_at((uint64_t)address, PINNED, INVALID_VALUE));
}

API CUresult cuMemHostRegister_v2(void *address, size_t size, unsigned flags) {
  (void)flags;
  ENTER("cuMemHostRegister", 1);
  if (size == 0 || address == NULL) {
    return leave(INVALID_VALUE);
  }
  for (Range *range = ranges; range != NULL; range = range->next) {
    if ((uint64_t)address < range->address + range->size && range->address < (uint64_t)address + size) {
      return leave(ALREADY_REGISTERED);
    }
  }
  Range *range = calloc(1, sizeof *range);
  range->kind = REGISTERED;
  range->device = -1;
  range->address = (uint64_t)address;
  range->bytes = address;
  range->size = size;
  range->next = ranges;
  ranges = range;
  live[REGISTERED]++;
  return leave(SUCCESS);
}

API CUresult cuMemHostUnregister(void *address) {
  ENTER("cuMemHostUnregister", 1);
  return leave(free_at((uint64_t)address, REGISTERED, NOT_REGISTERED));
}

API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *device, void *address, unsigned flags) {
  (void)flags;
  ENTER("cuMemHostGetDevicePointer", 1);
  *device = (uint64_t)address;
  return leave(range_of(*device, 1) == NULL ? INVALID_VALUE : SUCCESS);
}

/* ---- the driver: streams, copies, events */

API CUresult cuStreamCreate(Stream **result, unsigned flags) {
  (void)flags;
  ENTER("cuStreamCreate", 1);
  Stream *stream = calloc(1, sizeof *stream);
  stream->kind = STREAMS;
  stream->context = current[depth - 1];
  stream->last = &stream->first;
  if (pthread_create(&stream->thread, NULL, run_stream, stream) != 0) {
    free(stream);
    return leave(OUT_OF_MEMORY);
  }
  stream->next = streams;
  streams = stream;
  live[STREAMS]++;
  *result = stream;
  return leave(SUCCESS);
}

API CUresult cuStreamDestroy_v2(Stream *stream) {
  ENTER("cuStreamDestroy", 1);
  if (!is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  for (Stream **at = &streams; *at != NULL; at = &(*at)->next) {
    if (*at == stream) {
      *at = stream->next;
      break;
    }
  }
  stream->closing = 1;
  live[STREAMS]--;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  pthread_join(stream->thread, NULL);
  free(stream);
  return SUCCESS;
}

API CUresult cuStreamSynchronize(Stream *stream) {
  ENTER("cuStreamSynchronize", 1);
  if (!is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  await_stream(stream);
  return leave(stream->context->lost);
}

API CUresult cuStreamQuery(Stream *stream) {
  ENTER("cuStreamQuery", 1);
  if (!is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  return leave(stream->first != NULL || stream->busy ? NOT_READY : SUCCESS);
}

static Operation plain(uint64_t target, uint64_t source, uint64_t size) {
  Operation operation = {.target = target, .source = source, .size = size, .rows = 1};
  return operation;
}

API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void *source, size_t size, Stream *stream) {
  ENTER("cuMemcpyHtoDAsync", 1);
  return leave(queue_copy(stream, plain(target, (uint64_t)source, size), 0, 1));
}

API CUresult cuMemcpyDtoHAsync_v2(void *target, CUdeviceptr source, size_t size, Stream *stream) {
  ENTER("cuMemcpyDtoHAsync", 1);
  return leave(queue_copy(stream, plain((uint64_t)target, source, size), 1, 0));
}

API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source, size_t size, Stream *stream) {
  ENTER("cuMemcpyDtoDAsync", 1);
  return leave(queue_copy(stream, plain(target, source, size), 1, 1));
}

API CUresult cuMemcpyPeerAsync(
    CUdeviceptr target, Context *to, CUdeviceptr source, Context *from, size_t size, Stream *stream) {
  ENTER("cuMemcpyPeerAsync", 1);
  Range *there = range_of(target, size), *here = range_of(source, size);
  if (there == NULL || here == NULL || to == NULL || from == NULL || there->device != to->device ||
      here->device != from->device) {
    return leave(INVALID_VALUE);
  }
  return leave(queue_copy(stream, plain(target, source, size), 1, 1));
}

/* CUDA_MEMCPY2D as cuda.h declares it. */
typedef struct Copy2D {
  size_t source_x, source_y;
  unsigned source_kind;
  const void *source_host;
  CUdeviceptr source_device;
  void *source_array;
  size_t source_pitch;
  size_t target_x, target_y;
  unsigned target_kind;
  void *target_host;
  CUdeviceptr target_device;
  void *target_array;
  size_t target_pitch;
  size_t width, height;
} Copy2D;

API CUresult cuMemcpy2DAsync_v2(const Copy2D *copy, Stream *stream) {
  ENTER("cuMemcpy2DAsync", 1);
  int from_device = copy->source_kind == 2, to_device = copy->target_kind == 2;
  if (copy->source_x != 0 || copy->source_y != 0 || copy->target_x != 0 || copy->target_y != 0 ||
      (!from_device && copy->source_kind != 1) || (!to_device && copy->target_kind != 1) ||
      copy->width == 0 || copy->height == 0) {
    return leave(INVALID_VALUE);
  }
  Operation operation = {
      .target = to_device ? copy->target_device : (uint64_t)copy->target_host,
      .source = from_device ? copy->source_device : (uint64_t)copy->source_host,
      .size = copy->width,
      .rows = copy->height,
      .target_pitch = copy->target_pitch,
      .source_pitch = copy->source_pitch};
  return leave(queue_copy(stream, operation, from_device, to_device));
}

API CUresult cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t size, Stream *stream) {
  ENTER("cuMemsetD8Async", 1);
  Range *range = range_of(target, size);
  if (!is_stream(stream) || range == NULL || range->device < 0) {
    return leave(INVALID_VALUE);
  }
  Operation operation = {.run = run_fill, .target = target, .size = size, .value = value};
  append(stream, operation);
  return leave(SUCCESS);
}

API CUresult cuEventCreate(Event **result, unsigned flags) {
  (void)flags;
  ENTER("cuEventCreate", 1);
  Event *event = calloc(1, sizeof *event);
  event->kind = EVENTS;
  event->context = current[depth - 1];
  live[EVENTS]++;
  *result = event;
  return leave(SUCCESS);
}

API CUresult cuEventDestroy_v2(Event *event) {
  ENTER("cuEventDestroy", 1);
  live[EVENTS]--;
  free(event);
  return leave(SUCCESS);
}

API CUresult cuEventRecord(Event *event, Stream *stream) {
  ENTER("cuEventRecord", 1);
  if (!is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  Operation operation = {.run = run_event, .event = event, .turn = ++event->recorded};
  append(stream, operation);
  return leave(SUCCESS);
}

API CUresult cuEventSynchronize(Event *event) {
  ENTER("cuEventSynchronize", 1);
  uint64_t turn = event->recorded;
  while (event->reached < turn) {
    pthread_cond_wait(&changed, &lock);
  }
  return leave(event->result);
}

API CUresult cuEventQuery(Event *event) {
  ENTER("cuEventQuery", 1);
  return leave(event->reached < event->recorded ? NOT_READY : event->result);
}

API CUresult cuStreamWaitEvent(Stream *stream, Event *event, unsigned flags) {
  (void)flags;
  ENTER("cuStreamWaitEvent", 1);
  if (!is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  Operation operation = {.run = run_wait, .event = event, .turn = event->recorded};
  append(stream, operation);
  return leave(SUCCESS);
}

API CUresult cuLaunchHostFunc(Stream *stream, void (*function)(void *), void *argument) {
  ENTER("cuLaunchHostFunc", 1);
  if (!is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  Operation operation = {.run = run_function, .function = function, .argument = argument};
  append(stream, operation);
  return leave(SUCCESS);
}

/* ---- the driver: kernels */

API CUresult cuModuleLoadDataEx(
    Module **result, const void *image, unsigned options, void *names, void *values) {
  (void)options;
  (void)names;
  (void)values;
  ENTER("cuModuleLoadData", 1);
  if (strstr(image, ".version") == NULL || strstr(image, ".entry") == NULL) {
    return leave(INVALID_PTX);
  }
  Module *module = calloc(1, sizeof *module);
  module->kind = MODULES;
  module->context = current[depth - 1];
  live[MODULES]++;
  *result = module;
  return leave(SUCCESS);
}

API CUresult cuModuleLoadData(Module **result, const void *image) {
  return cuModuleLoadDataEx(result, image, 0, NULL, NULL);
}

API CUresult cuModuleUnload(Module *module) {
  ENTER("cuModuleUnload", 1);
  live[MODULES]--;
  free(module);
  return leave(SUCCESS);
}

API CUresult cuModuleGetFunction(void **function, Module *module, const char *name) {
  (void)module;
  ENTER("cuModuleGetFunction", 1);
  if (strcmp(name, "kvbm_copy_regions") != 0) {
    return leave(NOT_FOUND);
  }
  *function = &kernel_name_holder;
  return leave(SUCCESS);
}

API CUresult cuLaunchKernel(
    void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
    unsigned block_y, unsigned block_z, unsigned shared, Stream *stream, void **parameters,
    void **extra) {
  (void)shared;
  (void)extra;
  ENTER("cuLaunchKernel", 1);
  if (function != &kernel_name_holder || !is_stream(stream)) {
    return leave(INVALID_HANDLE);
  }
  if (grid_x == 0 || grid_y == 0 || grid_z == 0 || block_x * block_y * block_z == 0 ||
      block_x * block_y * block_z > 1024) {
    return leave(INVALID_VALUE);
  }
  Operation operation = {
      .run = run_kernel, .source = *(uint64_t *)parameters[0], .size = *(uint32_t *)parameters[1]};
  append(stream, operation);
  return leave(SUCCESS);
}

API CUresult cuGetErrorName(CUresult result, const char **name) {
  *name = result == SUCCESS ? "CUDA_SUCCESS" : "CUDA_ERROR_SIMULATED";
  return SUCCESS;
}

API CUresult cuGetErrorString(CUresult result, const char **text) {
  return cuGetErrorName(result, text);
}
