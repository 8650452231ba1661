/*
 * ctl_findings - what a look at some keys found wrong; see ctl_findings.h.
 */
#include "ctl_findings.h"

#include "mem.h"
#include "text_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    struct finding finding; /* first: text_map_next's answers are these too */
    char *identity;
};

struct findings {
    size_t limit;
    bool is_cut;
    struct text_map *entries; /* by identity */
};

struct findings *findings_create(size_t limit)
{
    struct findings *findings = mem_zalloc(sizeof(*findings));
    findings->limit = limit;
    findings->entries = text_map_create();
    return findings;
}

static void entry_destroy(struct entry *entry)
{
    free(entry->finding.key);
    free(entry->finding.text);
    free(entry->identity);
    free(entry);
}

void findings_destroy(struct findings *findings)
{
    const void *cursor = NULL;
    struct entry *entry;
    if (!findings)
        return;
    while ((entry = text_map_next(findings->entries, &cursor)))
        entry_destroy(entry);
    text_map_destroy(findings->entries);
    free(findings);
}

/* identity is *new* and taken. */
static void add(struct findings *findings, const struct finding *finding, char *identity)
{
    bool is_known = text_map_find(findings->entries, identity);
    if (is_known || text_map_count(findings->entries) >= findings->limit) {
        findings->is_cut = findings->is_cut || !is_known;
        free(identity);
        return;
    }
    struct entry *entry = mem_alloc(sizeof(*entry));
    *entry = (struct entry){
        {finding->kind, mem_strdup(finding->key), mem_strdup(finding->text)}, identity};
    text_map_add(findings->entries, identity, entry);
}

void findings_add(struct findings *findings, const char *kind, const char *key, uint64_t mark,
                  const char *format, ...)
{
    struct finding finding = {.kind = kind, .key = (char *)key};
    va_list args;
    va_start(args, format);
    int length = vasprintf(&finding.text, format, args);
    va_end(args);
    if (length < 0)
        abort(); /* out of memory */
    add(findings, &finding,
        mem_printf("%s %s %llx %s", kind, key, (unsigned long long)mark, finding.text));
    free(finding.text);
}

size_t findings_count(const struct findings *findings)
{
    return text_map_count(findings->entries);
}

bool findings_is_cut(const struct findings *findings)
{
    return findings->is_cut;
}

void findings_keep_common(struct findings *findings, const struct findings *other)
{
    const void *cursor = NULL;
    struct entry *entry;
    while ((entry = text_map_next(findings->entries, &cursor))) {
        if (text_map_find(other->entries, entry->identity))
            continue;
        (void)text_map_remove(findings->entries, entry->identity);
        entry_destroy(entry);
    }
}

void findings_add_all(struct findings *findings, const struct findings *other)
{
    const void *cursor = NULL;
    const struct entry *entry;
    while ((entry = text_map_next(other->entries, &cursor)))
        add(findings, &entry->finding, mem_strdup(entry->identity));
}

const struct finding *findings_next(const struct findings *findings, const void **cursor)
{
    const struct entry *entry = text_map_next(findings->entries, cursor);
    return entry ? &entry->finding : NULL;
}
