/*
 * manual_forms - the forms a manual is printed in; see manual.h.
 */
#ifndef PARLEY_MANUAL_FORMS_H
#define PARLEY_MANUAL_FORMS_H

#include "manual.h"

void manual_print_page(const struct manual *manual, FILE *out);
void manual_print_bash(const struct manual *manual, FILE *out);
void manual_print_zsh(const struct manual *manual, FILE *out);

#endif
