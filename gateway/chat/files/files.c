/*
 * files - files that clients share; see files.h.
 *
 *   admit -> reserve -> append ... append -> reserve for its time -> publish -> answer
 *
 * Whatever goes wrong on the way removes what is there of the file, except when the channel
 * may have been told of it.
 */
#include "files.h"

#include "auth.h"
#include "broker.h"
#include "clock.h"
#include "file_names.h"
#include "hub.h"
#include "limit.h"
#include "media_type.h"
#include "mem.h"
#include "metrics.h"
#include "names.h"
#include "random.h"
#include "rights.h"
#include "text.h"

#include <jansson.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PIECE_BYTES = 256 << 10,
    TIME_BYTES = 40,
};

struct file_job {
    struct hub *hub;
    char id[BROKER_FILE_ID_BYTES + 1];
    char *channel;
    char *user;
    char *owner; /* whose share of the store it takes */
    char *name;
    char *type;
    char *link;
    char *head; /* JSON and a line feed */
    size_t head_length;
    char *bytes;
    size_t length;
    size_t admitted; /* of the bytes that all may take */
    size_t written;  /* head included */
    struct broker_file file;
    struct api_waiter waiter;
};

bool files_are_on(const struct hub *hub)
{
    return hub->options->files != NULL;
}

const struct files_options *files_limits(const struct hub *hub)
{
    return hub->options->files;
}

bool files_is_id(const char *id, size_t length)
{
    return length == BROKER_FILE_ID_BYTES && strspn(id, "0123456789abcdef") >= length;
}

/* ------------------------------------------------------------------------------ admission */

/* Who sends it, by token or by what the client says. *ret_user is *new*. */
static bool identify(struct hub *hub, const struct file_upload *upload, char **ret_user,
                     bool *ret_is_by_token, struct file_refusal *refusal)
{
    struct token token;
    *ret_is_by_token = false;
    if (!hub->options->token_keys || (!upload->token && !auth_is_required(hub))) {
        *ret_user = mem_strdup(upload->user ? upload->user : "");
        return true;
    }
    *refusal = (struct file_refusal){401, "a token is required"};
    if (!upload->token)
        return false;
    enum token_result result = auth_check(hub, upload->token, &token);
    bool is_good = result == TOKEN_OK && token.user[0] &&
                   auth_is_for_connection(NULL, &token) &&
                   (!token.channel || strcmp(token.channel, upload->channel) == 0);
    if (is_good) {
        *ret_user = mem_strdup(token.user);
        *ret_is_by_token = token_names(&token, upload->channel);
    } else {
        refusal->message = result == TOKEN_EXPIRED ? "token expired" : "invalid token";
    }
    token_finish(&token);
    return is_good;
}

static bool is_user(const char *user)
{
    size_t length = strlen(user);
    return length > 0 && length <= USER_BYTES_MAX && text_is_utf8(user, length) &&
           !text_has_control(user, length);
}

/* What is wrong with what is said of the file, and by whom. */
static struct file_refusal check_words(const struct hub *hub, const struct file_upload *upload)
{
    const struct files_options *limits = files_limits(hub);
    if (!upload->channel || !names_is_channel(upload->channel))
        return (struct file_refusal){400, "channel is missing or no name for a channel"};
    if (upload->bytes == 0)
        return (struct file_refusal){400, "the file is empty"};
    if (upload->bytes > limits->max_bytes)
        return (struct file_refusal){413, "the file is longer than --files-max-bytes"};
    if (hub->admitted_bytes >= FILES_ADMITTED_BYTES_MAX)
        return (struct file_refusal){503, "no more files now: try again later"};
    if (!upload->type || !media_type_is_valid(upload->type))
        return (struct file_refusal){415, "Content-Type is missing or no media type"};
    if (!media_types_have(limits->types, upload->type))
        return (struct file_refusal){415, "files of this Content-Type are not allowed"};
    return (struct file_refusal){0, NULL};
}

static struct file_refusal check_user(struct hub *hub, const struct file_upload *upload,
                                      const char *user, bool is_by_token)
{
    bool is_authenticated = hub->options->token_keys && upload->token;
    if (!is_user(user))
        return (struct file_refusal){400,
                                     "userid is missing, too long or has control characters"};
    if (upload->user && strcmp(upload->user, user) != 0)
        return (struct file_refusal){403, "userid is not the token's"};
    if (!upload->token && !auth_is_name_free(hub, user))
        return (struct file_refusal){403, AUTH_NAME_IS_NOT_FREE};
    if (rights_check_stranger(hub, upload->channel, is_authenticated ? user : "",
                              is_by_token) != RIGHTS_GRANTED)
        return (struct file_refusal){403, "not allowed to publish in this channel"};
    return (struct file_refusal){0, NULL};
}

static void make_id(char id[BROKER_FILE_ID_BYTES + 1])
{
    (void)snprintf(id, BROKER_FILE_ID_BYTES + 1, "%016llx%016llx",
                   (unsigned long long)random_number(), (unsigned long long)random_number());
}

static void print_head(struct file_job *job)
{
    json_t *head =
        json_pack("{sssssIssss}", "name", job->name, "type", job->type, "bytes",
                  (json_int_t)job->length, "channel", job->channel, "user", job->user);
    char *text = json_dumps(head, JSON_COMPACT);
    json_decref(head);
    job->head = mem_printf("%s\n", text);
    job->head_length = strlen(job->head);
    free(text);
}

/* A user if there is proof of it, else an address. *new* */
static char *print_owner(const struct hub *hub, const struct file_upload *upload,
                         const char *user)
{
    if (!hub->options->token_keys || !upload->token)
        return mem_printf("a:%llx", (unsigned long long)upload->customer);
    char *encoded = file_name_encode(user);
    char *owner = mem_printf("u:%s", encoded);
    free(encoded);
    return owner;
}

static struct file_job *create_job(struct hub *hub, const struct file_upload *upload,
                                   char *user)
{
    struct file_job *job = mem_zalloc(sizeof(*job));
    const struct files_options *limits = files_limits(hub);
    job->hub = hub;
    job->user = user;
    job->owner = print_owner(hub, upload, user);
    job->channel = mem_strdup(upload->channel);
    job->name = file_name_clean(upload->name ? upload->name : "");
    job->type = mem_strdup(upload->type);
    job->length = upload->bytes;
    make_id(job->id);
    char *encoded = file_name_encode(job->name);
    job->link = mem_printf("/files/%s/%s", job->id, encoded);
    free(encoded);
    print_head(job);
    job->file = (struct broker_file){.id = job->id,
                                     .bytes = job->head_length + job->length,
                                     .ttl_ms = limits->ttl_ms,
                                     .bytes_of_all = limits->bytes_of_all,
                                     .owner = job->owner,
                                     .bytes_of_one = limits->bytes_of_one};
    return job;
}

struct file_job *files_admit(struct hub *hub, const struct file_upload *upload,
                             struct file_refusal *ret_refusal)
{
    char *user = NULL;
    bool is_by_token;
    *ret_refusal = check_words(hub, upload);
    if (ret_refusal->status != 0 || !identify(hub, upload, &user, &is_by_token, ret_refusal))
        return NULL;
    *ret_refusal = check_user(hub, upload, user, is_by_token);
    if (ret_refusal->status != 0) {
        free(user);
        return NULL;
    }
    return create_job(hub, upload, user);
}

void file_job_destroy(struct file_job *job)
{
    if (!job)
        return;
    job->hub->admitted_bytes -= job->admitted;
    free(job->channel);
    free(job->user);
    free(job->owner);
    free(job->name);
    free(job->type);
    free(job->link);
    free(job->head);
    free(job->bytes);
    free(job);
}

bool file_job_grow(struct file_job *job, size_t bytes)
{
    assert(job);
    size_t others = job->hub->admitted_bytes - job->admitted;
    if (others + bytes > FILES_ADMITTED_BYTES_MAX)
        return false;
    job->hub->admitted_bytes = others + bytes;
    job->admitted = bytes;
    return true;
}

/* ------------------------------------------------------------------------------- storage */

static void finish(struct file_job *job, int status, char *body)
{
    if (job->hub->is_api_over)
        free(body);
    else
        job->waiter.on_answer(job->waiter.owner, job->waiter.tag, status, body);
    file_job_destroy(job);
}

static void fail(struct file_job *job, int status, const char *message)
{
    finish(job, status, text_print_error(status, message));
}

static void fail_and_remove(struct file_job *job)
{
    if (!job->hub->is_api_over)
        broker_file_remove(job->hub->broker, &job->file);
    fail(job, 503, "not kept: try again later");
}

static void succeed(struct file_job *job)
{
    json_t *answer = json_pack("{sssssssI}", "filelink", job->link, "name", job->name, "type",
                               job->type, "bytes", (json_int_t)job->length);
    char *body = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    metrics.files_stored_total++;
    finish(job, 201, body);
}

static void on_told(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct file_job *job = owner;
    (void)tag;
    if (reply->status == BROKER_OK)
        succeed(job);
    else if (reply->status == BROKER_UNKNOWN)
        fail(job, 503, "not confirmed: the channel may or may not have been told");
    else
        fail_and_remove(job);
}

static void print_time(char out[TIME_BYTES])
{
    int64_t now_ms = clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts;
    char text[TIME_BYTES] = "";
    if (gmtime_r(&seconds, &parts))
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(out, TIME_BYTES, "%.20s.%03dZ", text, (int)(now_ms % 1000));
}

/* A LuChat message, so that every client understands it. */
static void tell_channel(struct file_job *job)
{
    char now[TIME_BYTES];
    print_time(now);
    json_t *notice = json_pack("{s{ssssssss}}", "message", "userid", job->user, "message",
                               job->name, "time", now, "filelink", job->link);
    char *text = json_dumps(notice, JSON_COMPACT);
    struct broker_message message = {.payload = slice_of(text)};
    broker_publish(job->hub->broker, job->channel, &message,
                   (struct broker_waiter){on_told, job, 0});
    json_decref(notice);
    free(text);
}

/* All of it is there: from now on it is kept for its time. */
static void on_kept(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct file_job *job = owner;
    (void)tag;
    if (reply->status == BROKER_OK && reply->is_taken)
        tell_channel(job);
    else
        fail_and_remove(job);
}

static void write_piece(struct file_job *job);

static void on_written(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct file_job *job = owner;
    (void)tag;
    if (reply->status != BROKER_OK || !reply->is_taken)
        fail_and_remove(job);
    else if (job->written < job->file.bytes)
        write_piece(job);
    else
        broker_file_reserve(job->hub->broker, &job->file, /* is_whole= */ true,
                            (struct broker_waiter){on_kept, job, 0});
}

static void write_piece(struct file_job *job)
{
    struct broker_waiter waiter = {on_written, job, 0};
    size_t at = job->written;
    if (at == 0) {
        job->written = job->head_length;
        broker_file_append(job->hub->broker, &job->file, at,
                           (struct slice){job->head, job->head_length}, waiter);
        return;
    }
    size_t left = job->file.bytes - at;
    struct slice piece = {job->bytes + (at - job->head_length),
                          left < PIECE_BYTES ? left : PIECE_BYTES};
    job->written += piece.length;
    broker_file_append(job->hub->broker, &job->file, at, piece, waiter);
}

static void refuse_share(struct file_job *job)
{
    limit_hit(LIMIT_files_share_percent);
    fail(job, 507, "no room for more files of yours: try again later");
}

static void on_reserved(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct file_job *job = owner;
    (void)tag;
    if (reply->status != BROKER_OK)
        fail_and_remove(job);
    else if (reply->is_share_full)
        refuse_share(job);
    else if (!reply->is_taken)
        fail(job, 507, "no room for more files: try again later");
    else
        write_piece(job);
}

void file_job_run(struct file_job *job, char *bytes, struct api_waiter waiter)
{
    job->bytes = bytes;
    job->waiter = waiter;
    broker_file_reserve(job->hub->broker, &job->file, /* is_whole= */ false,
                        (struct broker_waiter){on_reserved, job, 0});
}

/* ------------------------------------------------------------------------------- reading */

struct read {
    struct hub *hub;
    size_t at;
    struct file_reader reader;
};

/* The head in front of the first piece, of which it is taken away. NULL: there is none.
 * *new* */
static json_t *take_head(struct slice *piece)
{
    const char *end = memchr(piece->bytes, '\n', piece->length);
    if (!end)
        return NULL;
    size_t length = (size_t)(end - (const char *)piece->bytes);
    json_t *head = json_loadb(piece->bytes, length, 0, NULL);
    *piece = (struct slice){end + 1, piece->length - length - 1};
    return head;
}

static void on_first_piece(const struct file_reader *reader, struct slice piece)
{
    struct file_piece result = {.is_known = true, .next = piece.length};
    json_t *head = piece.length > 0 ? take_head(&piece) : NULL;
    result.name = json_string_value(json_object_get(head, "name"));
    result.type = json_string_value(json_object_get(head, "type"));
    result.bytes = (size_t)json_integer_value(json_object_get(head, "bytes"));
    if (!result.type || !media_type_is_valid(result.type))
        result.name = NULL;
    result.piece = piece;
    reader->on_piece(reader->owner, reader->tag, &result);
    json_decref(head);
}

static void on_read(void *owner, uint64_t tag, const struct broker_reply *reply)
{
    struct read *read = owner;
    const struct file_reader *reader = &read->reader;
    (void)tag;
    if (read->hub->is_api_over) {
        free(read);
        return;
    }
    if (reply->status == BROKER_OK && read->at == 0)
        on_first_piece(reader, reply->piece);
    else
        reader->on_piece(reader->owner, reader->tag,
                         &(struct file_piece){.is_known = reply->status == BROKER_OK,
                                              .piece = reply->piece,
                                              .next = read->at + reply->piece.length});
    free(read);
}

void files_read(struct hub *hub, const char *id, size_t at, struct file_reader reader)
{
    struct read *read = mem_alloc(sizeof(*read));
    *read = (struct read){hub, at, reader};
    broker_file_read(hub->broker, id, at, FILES_READ_BYTES,
                     (struct broker_waiter){on_read, read, 0});
}
