/*
 * supervisor - several processes of parleyd that share a port, and the one that minds them.
 *
 * Forks before there is a loop or a connection; each worker is then a node of its own. A
 * worker that dies is replaced, after longer and longer pauses if it dies again and again;
 * SIGTERM, SIGINT and SIGQUIT end all of them, and the supervisor ends when the last one has;
 * SIGHUP is handed on.
 */
#ifndef PARLEY_SUPERVISOR_H
#define PARLEY_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>

struct supervisor_options {
    size_t workers;          /* at most WORKERS_MAX */
    int64_t stop_timeout_ms; /* from SIGTERM on; who is still there then is killed */
};

/*
 * Comes back, as fork does, in several processes: with its number (from 1) in each worker, also
 * in the replacement of one that died; with 0 in the supervisor when all is over.
 * *ret_exit_code is then 0 after one of those signals if all workers ended well; where no
 * worker was ever ready and all have failed it is that of a worker that could not run; else 1.
 */
size_t supervisor_run(const struct supervisor_options *options, int *ret_exit_code);

#endif
