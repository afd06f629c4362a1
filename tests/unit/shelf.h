/*
 * shelf - templates in memory, for tests of the template language.
 */
#ifndef TESTS_UNIT_SHELF_H
#define TESTS_UNIT_SHELF_H

#include <stdbool.h>

/* Puts a template there, in place of one of that name. Both strings are borrowed. */
void shelf_put(const char *name, const char *source);

/* Sets the data of the renders to come, as JSON. */
void shelf_data(const char *json);

/* Takes all templates and the data away. */
void shelf_clear(void);

/* Renders a template. Returns what it writes, or why it does not; borrowed until the next call. */
const char *shelf_render(const char *name);

/* Whether a template of this source, "page.html", writes exactly that; else says what it writes. */
bool renders(const char *source, const char *expected);

/* Whether it fails with exactly that message, and writes nothing. */
bool refuses(const char *source, const char *message);

#endif
