/* Threads that run Lua, and the one that watches their deadlines.
 *
 * The watchdog sleeps until the earliest moment at which a running call could be out of time. It then looks at
 * that thread's own CPU clock and interrupts the thread with a signal; the handler runs on the Lua thread, the
 * only one that may touch the state. lua_sethook is meant to be called like that. */

#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* Ignored unless handled, so a stray one does no harm. */
#define INTERRUPT SIGURG
/* A thread that was told to stop and still runs is told again. */
#define REMINDER 20000000
/* Reading a thread's CPU clock takes longer than a short call. One read within this time is good enough to begin
 * another call with, and a call shorter than the other is taken to have spent it all on the CPU. */
#define RECENT 1000000
#define SHORT 100000

struct lk_worker {
    lk_watchdog *watchdog;
    lk_worker *next;
    pthread_t thread;
    clockid_t clock;
    void (*body)(void *, lk_worker *);
    void *context;
    lk_machine *volatile machine;      /* written by the thread itself, read by its signal handler */
    volatile sig_atomic_t verdict;     /* an lk_status, for the running call */
    int64_t cpu_start, wall_start;     /* the thread's own */
    int64_t cpu_read, wall_read;       /* both clocks when the CPU clock was read last */
    int64_t host_start, host_total;
    bool running, in_host;             /* these four under the watchdog's lock */
    int64_t cpu_deadline, wall_deadline;
};

struct lk_watchdog {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    lk_worker *workers;
    int64_t next_look;
    bool stopping;
};

static _Thread_local lk_worker *this_worker;

static int64_t nanoseconds(struct timespec time) { return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec; }

static int64_t read_clock(clockid_t clock) {
    struct timespec time = {0, 0};
    clock_gettime(clock, &time);
    return nanoseconds(time);
}

static void on_interrupt(int number) {
    (void)number;
    lk_worker *worker = this_worker;
    if (!worker || !worker->machine || !worker->verdict) return;
    lk_expire(worker->machine, (lk_status)worker->verdict);
}

static void install_handler(void) {
    struct sigaction action = {0};
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(INTERRUPT, &action, NULL);
}

/* Interrupts the worker when it is out of time; gives the moment to look at it again. */
static int64_t inspect(lk_worker *worker, int64_t now) {
    /* A host function is never interrupted: lk_worker_leave_host looks at the wall clock itself. */
    if (!worker->running || worker->in_host) return INT64_MAX;
    int64_t left = worker->cpu_deadline - read_clock(worker->clock);
    if (now >= worker->wall_deadline) {
        worker->verdict = LK_WALL_LIMIT;
    } else if (left <= 0) {
        worker->verdict = LK_CPU_LIMIT;
    } else {
        return now + left < worker->wall_deadline ? now + left : worker->wall_deadline;
    }
    pthread_kill(worker->thread, INTERRUPT);
    return now + REMINDER;
}

static void wait_until(lk_watchdog *watchdog, int64_t moment) {
    if (moment == INT64_MAX) {
        pthread_cond_wait(&watchdog->wake, &watchdog->lock);
        return;
    }
    struct timespec time = {moment / 1000000000, moment % 1000000000};
    pthread_cond_timedwait(&watchdog->wake, &watchdog->lock, &time);
}

static void *watch(void *context) {
    lk_watchdog *watchdog = context;
    pthread_mutex_lock(&watchdog->lock);
    while (!watchdog->stopping) {
        int64_t now = read_clock(CLOCK_MONOTONIC), next = INT64_MAX;
        for (lk_worker *worker = watchdog->workers; worker; worker = worker->next) {
            int64_t look = inspect(worker, now);
            if (look < next) next = look;
        }
        watchdog->next_look = next;
        wait_until(watchdog, next);
    }
    pthread_mutex_unlock(&watchdog->lock);
    return NULL;
}

lk_watchdog *lk_watchdog_create(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_handler);
    lk_watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (!watchdog) return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&watchdog->lock, NULL);
    pthread_cond_init(&watchdog->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&watchdog->thread, NULL, watch, watchdog) == 0) return watchdog;
    pthread_cond_destroy(&watchdog->wake);
    pthread_mutex_destroy(&watchdog->lock);
    free(watchdog);
    return NULL;
}

void lk_watchdog_destroy(lk_watchdog *watchdog) {
    pthread_mutex_lock(&watchdog->lock);
    watchdog->stopping = true;
    pthread_cond_signal(&watchdog->wake);
    pthread_mutex_unlock(&watchdog->lock);
    pthread_join(watchdog->thread, NULL);
    pthread_cond_destroy(&watchdog->wake);
    pthread_mutex_destroy(&watchdog->lock);
    free(watchdog);
}

static void *run_worker(void *context) {
    lk_worker *worker = context;
    this_worker = worker;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, INTERRUPT);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    pthread_getcpuclockid(pthread_self(), &worker->clock);
    worker->body(worker->context, worker);
    return NULL;
}

static void enlist(lk_worker *worker) {
    lk_watchdog *watchdog = worker->watchdog;
    pthread_mutex_lock(&watchdog->lock);
    worker->next = watchdog->workers;
    watchdog->workers = worker;
    pthread_mutex_unlock(&watchdog->lock);
}

static void delist(lk_worker *worker) {
    lk_watchdog *watchdog = worker->watchdog;
    pthread_mutex_lock(&watchdog->lock);
    lk_worker **link = &watchdog->workers;
    while (*link != worker) link = &(*link)->next;
    *link = worker->next;
    pthread_mutex_unlock(&watchdog->lock);
}

lk_worker *lk_worker_start(lk_watchdog *watchdog, size_t stack_size, void (*body)(void *, lk_worker *),
                           void *context) {
    lk_worker *worker = calloc(1, sizeof *worker);
    if (!worker) return NULL;
    worker->watchdog = watchdog;
    worker->body = body;
    worker->context = context;
    enlist(worker);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size);
    int failure = pthread_create(&worker->thread, &attributes, run_worker, worker);
    pthread_attr_destroy(&attributes);
    if (!failure) return worker;
    delist(worker);
    free(worker);
    return NULL;
}

void lk_worker_join(lk_worker *worker) {
    pthread_join(worker->thread, NULL);
    delist(worker);
    free(worker);
}

/* The watchdog may be asleep until later than this worker needs it. */
static void ask_to_look(lk_worker *worker, int64_t moment) {
    lk_watchdog *watchdog = worker->watchdog;
    if (moment >= watchdog->next_look) return;
    watchdog->next_look = moment;
    pthread_cond_signal(&watchdog->wake);
}

static int64_t add_clamped(int64_t moment, int64_t duration) {
    return duration > INT64_MAX / 2 - moment ? INT64_MAX / 2 : moment + duration;
}

/* The thread's CPU time, or no more than RECENT beyond it. */
static int64_t estimate_cpu(lk_worker *worker, int64_t now) {
    if (now - worker->wall_read > RECENT) {
        worker->cpu_read = read_clock(CLOCK_THREAD_CPUTIME_ID);
        worker->wall_read = now;
    }
    return worker->cpu_read + (now - worker->wall_read);
}

void lk_worker_begin(lk_worker *worker, lk_machine *machine, const lk_limits *limits) {
    worker->wall_start = read_clock(CLOCK_MONOTONIC);
    worker->cpu_start = estimate_cpu(worker, worker->wall_start);
    worker->host_total = 0;
    pthread_mutex_lock(&worker->watchdog->lock);
    worker->verdict = 0;
    worker->machine = machine;
    worker->cpu_deadline = add_clamped(worker->cpu_start, limits->cpu);
    worker->wall_deadline = add_clamped(worker->wall_start, limits->wall);
    worker->running = true;
    ask_to_look(worker, add_clamped(worker->wall_start, limits->cpu < limits->wall ? limits->cpu : limits->wall));
    pthread_mutex_unlock(&worker->watchdog->lock);
}

void lk_worker_end(lk_worker *worker, lk_report *report) {
    pthread_mutex_lock(&worker->watchdog->lock);
    worker->running = false;
    worker->machine = NULL;
    pthread_mutex_unlock(&worker->watchdog->lock);
    report->wall = read_clock(CLOCK_MONOTONIC) - worker->wall_start;
    bool is_short = report->wall < SHORT && worker->host_total == 0;
    report->cpu = is_short ? report->wall : lk_worker_cpu(worker);
}

void lk_worker_enter_host(lk_worker *worker) {
    pthread_mutex_lock(&worker->watchdog->lock);
    worker->in_host = true;
    pthread_mutex_unlock(&worker->watchdog->lock);
    worker->host_start = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void lk_worker_leave_host(lk_worker *worker) {
    int64_t spent = read_clock(CLOCK_THREAD_CPUTIME_ID) - worker->host_start;
    int64_t now = read_clock(CLOCK_MONOTONIC);
    worker->host_total += spent;
    pthread_mutex_lock(&worker->watchdog->lock);
    worker->in_host = false;
    worker->cpu_deadline += spent;
    int64_t left = worker->cpu_deadline - worker->host_start - spent;
    ask_to_look(worker, now + left < worker->wall_deadline ? now + left : worker->wall_deadline);
    pthread_mutex_unlock(&worker->watchdog->lock);
    if (now >= worker->wall_deadline) lk_expire(worker->machine, LK_WALL_LIMIT);
}

int64_t lk_worker_cpu(const lk_worker *worker) {
    int64_t spent = read_clock(CLOCK_THREAD_CPUTIME_ID) - worker->cpu_start - worker->host_total;
    /* The start may have been estimated too late. */
    return spent > 0 ? spent : 0;
}
