/*
 * date - moments in UTC, written as a format of PHP's letters says. Pure.
 */
#ifndef FCGI_TEMPLATE_DATE_H
#define FCGI_TEMPLATE_DATE_H

#include <stdbool.h>
#include <time.h>

#include "fcgi/template/text.h"

struct buf;

/* Understands 2026-11-22, 2026-11-22 10:30, 2026-11-22T10:30:00Z and ...+01:00. */
bool date_parse(struct span text, time_t *ret);

/* All letters of PHP's date(): d D j l N S w z W F m M n t L o Y y a A B g G h H i s u v e I O P p T Z c r U; '\' keeps
 * the next. */
void date_put(struct buf *buf, time_t moment, struct span format);

#endif
