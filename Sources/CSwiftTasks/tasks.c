#include "CSwiftTasks.h"

#include <stddef.h>

#define SWIFT_CC __attribute__((swiftcall))

typedef SWIFT_CC void (*enqueue)(void *job);
typedef SWIFT_CC void (*enqueue_hook)(void *job, enqueue original);

extern enqueue_hook swift_task_enqueueGlobal_hook;
extern SWIFT_CC void swift_job_run(void *job, void *identity, void *implementation);

static _Thread_local swift_tasks_take current_take;
static _Thread_local void *current_context;

static SWIFT_CC void divert(void *job, enqueue original) {
    if (current_take != NULL) {
        current_take(current_context, job);
    } else {
        original(job);
    }
}

void swift_tasks_divert(swift_tasks_take take, void *context) {
    current_take = take;
    current_context = context;
    // Never taken out again: without a taker it passes everything on.
    swift_task_enqueueGlobal_hook = divert;
}

void swift_tasks_run(void *job) {
    // The executor reference of the shared pool is two null words.
    swift_job_run(job, NULL, NULL);
}
