/*
 * api - the server API without HTTP; see api.h.
 *
 * The door: bodies are read and methods found; what comes of a call is a job, see api_job.h.
 */
#include "api.h"

#include "api_job.h"
#include "hub.h"
#include "mem.h"
#include "metrics.h"
#include "text.h"

#include <stdlib.h>

enum { HTTP_BAD_REQUEST = 400 };

bool api_has_method(const char *name)
{
    return api_method_find(name) != NULL;
}

/* jansson's words quote the body: only where it is wrong is told. *new* */
static char *explain(const json_t *root, const json_error_t *problem)
{
    if (root)
        return mem_strdup("the body must be a JSON object");
    if (json_error_code(problem) == json_error_stack_overflow)
        return mem_strdup("not usable: nested too deep");
    if (json_error_code(problem) == json_error_duplicate_key)
        return mem_strdup("not usable: a key stands there twice");
    return mem_printf("not JSON: line %d, column %d", problem->line, problem->column);
}

static void refuse(struct api_waiter waiter, const json_t *root, const json_error_t *problem)
{
    char *message = explain(root, problem);
    char *answer = text_print_error(HTTP_BAD_REQUEST, message);
    free(message);
    waiter.on_answer(waiter.owner, waiter.tag, HTTP_BAD_REQUEST, answer);
}

static void begin(struct hub *hub, const struct api_method *method,
                  const struct api_request *request, struct api_waiter waiter)
{
    method->run(api_job_create(hub, method->is_bare ? NULL : "result", waiter), request);
}

void api_call(struct hub *hub, const char *method, const char *body, size_t length,
              struct api_waiter waiter)
{
    json_error_t problem;
    size_t published_bytes = 0;
    json_t *root = json_loadb(body, length, JSON_REJECT_DUPLICATES, &problem);
    struct api_request request = {root, {body, length}, &published_bytes};
    metrics.api_calls_total++;
    if (json_is_object(root))
        begin(hub, api_method_find(method), &request, waiter);
    else
        refuse(waiter, root, &problem);
    json_decref(root);
}

void api_stop(struct hub *hub)
{
    hub->is_api_over = true;
}
