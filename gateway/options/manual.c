/*
 * manual - finds the form that is asked for; see manual.h.
 */
#include "manual_forms.h"

#include <string.h>

static const struct form {
    const char *name;
    void (*print)(const struct manual *manual, FILE *out);
} forms[] = {
    {"man", manual_print_page},
    {"bash-completion", manual_print_bash},
    {"zsh-completion", manual_print_zsh},
};

bool manual_print(const struct manual *manual, const char *what, FILE *out)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, what) == 0) {
            forms[i].print(manual, out);
            return true;
        }
    }
    return false;
}
