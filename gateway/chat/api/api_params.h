/*
 * api_params - what a call of the server API says, member by member.
 *
 * Each function that is given a job ends it when the member is not what it should be, with an
 * error that names it, and answers false: then the job is no more. Texts are borrowed from the
 * request.
 */
#ifndef PARLEY_API_PARAMS_H
#define PARLEY_API_PARAMS_H

#include "api_job.h"

#include <stdbool.h>
#include <stdint.h>

struct control_order;

/* "" if it is not there. */
__attribute__((warn_unused_result)) bool api_read_text(struct api_job *job,
                                                       const struct api_request *request,
                                                       const char *name, const char **ret_text);

/* A name of a channel, which must be there. One of an unknown namespace is an error by itself.
 */
__attribute__((warn_unused_result)) bool api_read_channel(struct api_job *job,
                                                          const struct api_request *request,
                                                          const char **ret_channel);
/* The same for a value that stands elsewhere; NULL: there is none. */
__attribute__((warn_unused_result)) bool api_check_channel(struct api_job *job,
                                                           const json_t *value);

/* false and 0 if it is not there. */
__attribute__((warn_unused_result)) bool api_read_flag(struct api_job *job,
                                                       const struct api_request *request,
                                                       const char *name, bool *ret_flag);
__attribute__((warn_unused_result)) bool api_read_whole(struct api_job *job,
                                                        const struct api_request *request,
                                                        const char *name, int64_t *ret_number);
/* A place in a log, {"offset","epoch"}; NULL and null: none is said. */
__attribute__((warn_unused_result)) bool api_check_place(struct api_job *job, const char *name,
                                                         const json_t *place);

/* False, and the job ended, if one of the members of this list, which ends with NULL, says
 * anything: what a caller relies on is not passed over. */
__attribute__((warn_unused_result)) bool api_has_none_of(struct api_job *job,
                                                         const struct api_request *request,
                                                         const char *const *names);

#endif
