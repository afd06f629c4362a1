/*
 * jsonprint - the text of a cJSON value, with all of its numbers' digits.
 *
 * cJSON prints 15 digits of a number when the rest seems not to matter, and so
 * 9007199254740991 as 9.00719925474099e+15. RFC 8259 section 6 wants integers up
 * to 2^53 to mean the same on both sides.
 */
#ifndef SHARED_JSONPRINT_H
#define SHARED_JSONPRINT_H

struct cJSON;

/* On one line, as cJSON_PrintUnformatted(); the caller frees it with cJSON_free(). NULL when out of memory. */
char *jsonprint(const struct cJSON *json);

#endif
