/*
 * limits - what one template and one render may use.
 *
 * They are far beyond any page. A template that is wrong, or data that it did
 * not expect, costs its own request and not the process.
 */
#ifndef FCGI_TEMPLATE_LIMITS_H
#define FCGI_TEMPLATE_LIMITS_H

enum template_limits {
	TEMPLATE_MAX_BYTES = 1 << 20,   /* of a template's source */
	TEMPLATE_MAX_NAME = 255,        /* bytes of a template's name */
	TEMPLATE_MAX_NESTING = 100,     /* as written: tags in tags, expressions in expressions */
	TEMPLATE_MAX_EXTENDS = 16,      /* templates that extend one another */
	TEMPLATE_MAX_DEPTH = 400,       /* while rendering: tags, expressions, includes and macros that are open */
	TEMPLATE_MAX_STEPS = 10000000,  /* of one render: what is evaluated, looked at or looped over */
	TEMPLATE_MAX_MEMORY = 32 << 20, /* bytes of the values of one render, and of one parsed template */
	TEMPLATE_MAX_OUTPUT = 16 << 20, /* bytes of a page, and of any text on the way to it */
};

enum {
	TEMPLATE_STEP_BYTES = 16, /* of text that are looked through in one step */
	TEMPLATE_STEP_NAMES = 16, /* of variables or blocks that are looked through in one step */
};

#endif
