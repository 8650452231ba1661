/*
 * replay - runs each file of a saved corpus through a fuzz target, without libFuzzer.
 *
 * usage: fuzz_NAME_replay FILE...
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_BYTES_MAX = 1 << 20 };

static void run_file(const char *path)
{
    uint8_t *bytes = malloc(INPUT_BYTES_MAX);
    FILE *file = fopen(path, "rb");
    if (!bytes || !file) {
        perror(path);
        exit(1);
    }
    size_t length = fread(bytes, 1, INPUT_BYTES_MAX, file);
    (void)fclose(file);
    /* of its own size, so that reading past the end shows */
    uint8_t *exact = realloc(bytes, length ? length : 1);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    (void)printf("%d inputs\n", argc - 1);
    return 0;
}
