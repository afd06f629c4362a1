/*
 * elements - the comma-separated values of header fields (RFC 9110 section 5.6.1).
 *
 * Empty elements do not count, a comma within a quoted string separates
 * nothing. Pure.
 */
#ifndef SIDECAR_ELEMENTS_H
#define SIDECAR_ELEMENTS_H

#include <stdbool.h>

#include "shared/span.h"

/* Takes the next element, without the blanks around it, off *rest. Returns false at the end. */
bool element_next(struct span *rest, struct span *ret);

/* True for a token: RFC 9110 section 5.6.2. */
bool element_is_token(struct span text);

/* True when both are the same, whatever the case of their letters. */
bool element_is(struct span text, const char *word);

#endif
