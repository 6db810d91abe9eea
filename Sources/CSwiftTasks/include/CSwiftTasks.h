#pragma once

/// Takes one job of the Swift runtime, to be run later with `swift_tasks_run`, once.
typedef void (*swift_tasks_take)(void *context, void *job);

/// From now on jobs that this thread gives to the shared pool go to `take` instead; NULL ends it.
///
/// The hook is the runtime's own (`swift_task_enqueueGlobal_hook`). Other threads are not touched.
/// `Task.sleep` and `Task.yield` do not pass through it.
void swift_tasks_divert(swift_tasks_take take, void *context);

/// Runs a job on this thread until it suspends.
void swift_tasks_run(void *job);
