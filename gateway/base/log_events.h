/*
 * log_events - every event that parleyd logs: its name, its level, what it means.
 *
 * Programs that read the log rely on the names, and README.md shows this table (it is printed
 * by `parleyd --print-log-events`). An event that has no row here does not compile.
 */
#ifndef PARLEY_LOG_EVENTS_H
#define PARLEY_LOG_EVENTS_H

/* clang-format off */
#define LOG_EVENTS(EVENT) \
    /* life of the process */ \
    EVENT(started, INFO, "the process is put together and about to serve") \
    EVENT(listening, INFO, "a port is open") \
    EVENT(ready, INFO, "/ready says 200 from now on") \
    EVENT(not_ready, WARN, "/ready says 503 from now on, and err why") \
    EVENT(unwise_configuration, WARN, "an option is allowed but unwise; refused with --strict") \
    EVENT(open_to_all, WARN, "the internal port can be reached from other machines") \
    EVENT(no_host_name, WARN, "the machine has no name, so the node got one by chance") \
    EVENT(degraded, WARN, "clients are told that the store cannot be reached; newcomers are sent away") \
    EVENT(restored, INFO, "clients are told that all is well again") \
    EVENT(reload, INFO, "SIGHUP: what can be is read anew") \
    EVENT(signal_passed_over, INFO, "SIGUSR1 or SIGUSR2 came, which do nothing") \
    EVENT(draining, INFO, "the goodbye to all clients has begun") \
    EVENT(stopped, INFO, "all have left, the process ends") \
    EVENT(out_of_memory, ERROR, "the system gives no more memory; the process aborts") \
    EVENT(no_random_numbers, ERROR, "the system gives no random numbers; the process aborts") \
    EVENT(no_fork_handler, ERROR, "the system takes no fork handler; the process aborts") \
    EVENT(log_lines_lost, WARN, "the log's reader had no room for so many lines") \
    /* workers */ \
    EVENT(supervising, INFO, "workers are started") \
    EVENT(worker_ended, WARN, "a worker died; another takes its place after restart_ms") \
    EVENT(workers_cannot_start, ERROR, "no worker got as far as to serve; the program ends") \
    EVENT(fork_failed, ERROR, "a worker cannot be started now; tried again after retry_ms") \
    EVENT(stopping_workers, INFO, "all workers are asked to leave") \
    EVENT(workers_killed, ERROR, "workers that did not leave in time were killed") \
    /* ports and connections */ \
    EVENT(accept_failed, ERROR, "new connections wait: the system gives none") \
    EVENT(descriptors_exhausted, WARN, "new connections wait: all descriptors are in use") \
    EVENT(epoll_ctl_failed, ERROR, "the system does not watch a descriptor") \
    EVENT(socket_option_refused, WARN, "the system refuses an option of a socket") \
    EVENT(certificate_reloaded, INFO, "a certificate was read anew") \
    EVENT(certificate_not_reloaded, ERROR, "it cannot be used; the old one is kept") \
    EVENT(certificate_expired, WARN, "the time of a certificate is over") \
    EVENT(certificate_not_yet_valid, WARN, "the time of a certificate has not come") \
    EVENT(limit_hit, WARN, "so many were refused for a limit since the last such line") \
    EVENT(page_refused, INFO, "a page of an origin or host that is not allowed tried to connect") \
    EVENT(libwebsockets, DEBUG, "what the library says") \
    /* clients */ \
    EVENT(connection_accepted, DEBUG, "a connection came in; connection is its number") \
    EVENT(handshake_read, DEBUG, "it asks for a WebSocket, and may have one") \
    EVENT(handshake_refused, DEBUG, "it asks for a WebSocket, and err is why not") \
    EVENT(session_opened, DEBUG, "it is a session now; client is its id in presence") \
    EVENT(subscribed, DEBUG, "it hears a channel from now on") \
    EVENT(unsubscribed, DEBUG, "it does not hear the channel any more") \
    EVENT(close_received, DEBUG, "its client says goodbye") \
    EVENT(session_closing, DEBUG, "the gateway says goodbye to it, with this code and reason") \
    EVENT(session_closed, DEBUG, "its session is over") \
    EVENT(connection_closed, DEBUG, "it is gone") \
    EVENT(slow_consumer, INFO, "a client was too far behind and is closed") \
    EVENT(token_refused, INFO, "a token was refused, and err is why") \
    EVENT(api_refused, INFO, "a call of the server API was refused") \
    EVENT(file_refused, INFO, "an upload was refused") \
    EVENT(file_not_stored, ERROR, "Redis refuses a file") \
    /* channels */ \
    EVENT(channel_not_opened, WARN, "the store did not answer in time for a channel") \
    EVENT(gap, DEBUG, "messages are missing, and read from the log") \
    EVENT(gap_not_in_log, WARN, "messages are missing that the log does not have any more") \
    EVENT(log_replaced, WARN, "the log of a channel has another epoch: it is a new one") \
    EVENT(log_renamed, WARN, "the log of a channel was given a new epoch") \
    EVENT(log_went_back, WARN, "a log has less than was seen of it") \
    EVENT(control_not_understood, WARN, "an order of another node makes no sense here") \
    /* the store */ \
    EVENT(redis_up, INFO, "a connection to Redis stands") \
    EVENT(redis_down, WARN, "it does not; tried again after retry_ms") \
    EVENT(redis_reply_garbled, ERROR, "what came is no answer of Redis; connected anew") \
    EVENT(redis_content_unsound, WARN, "Redis holds what no node has written; it is left out") \
    EVENT(publish_refused, ERROR, "Redis refuses a message") \
    EVENT(history_refused, ERROR, "Redis refuses to read a log") \
    EVENT(lease_taken, INFO, "the node is known to the others") \
    EVENT(lease_not_renewed, WARN, "the others may take the node for dead") \
    EVENT(node_name_taken, WARN, "another node has the name; waiting for its end") \
    EVENT(node_name_conflict, ERROR, "another node has the name; this one ends") \
    EVENT(lease_ended, INFO, "another node is dead; its members are cleaned up") \
    EVENT(lease_reaped, INFO, "they are") \
    EVENT(reap_refused, ERROR, "Redis refuses to clean up; it is tried again") \
    EVENT(reap_given_up, ERROR, "Redis refuses for good to clean up a channel") \
    EVENT(members_missing, WARN, "the store has lost the members of a channel; they are put back") \
    EVENT(members_rejoined, INFO, "the node's members are present again") \
    EVENT(leave_given_up, ERROR, "Redis refuses for good that a member leaves")
/* clang-format on */

#define LOG_EVENT_NUMBER(name, level, meaning) LOG_EVENT_##name,
#define LOG_EVENT_LEVEL(name, level, meaning)  LOG_LEVEL_##name = LOG_##level,

#endif
