/*
 * templates - the templates of one folder, parsed once and kept.
 *
 * Threads render at the same time. Before a use a look at the file, one in each
 * tick of the clock at most, tells whether it has changed; then it is read
 * again, and renders that have begun go on with what they have.
 */
#ifndef FCGI_TEMPLATE_TEMPLATES_H
#define FCGI_TEMPLATE_TEMPLATES_H

struct buf;
struct render_input;
struct templates;

/* The folder is copied; it need not be there yet. Returns NULL when out of memory. Freed with templates_free(). */
struct templates *templates_new(const char *folder);
void templates_free(struct templates *templates);

/* Borrowed. */
const char *templates_folder(const struct templates *templates);

/*
 * Appends a rendered template. Returns
 * 0, -ENOENT when there is no such template, or another negative errno. On
 * failure out is as it was, and error says what is wrong and where, as in
 * "chat.html:12: expected 'endblock', found 'endif'".
 */
int templates_render(struct templates *templates, const char *name, const struct render_input *input, struct buf *out,
    struct buf *error);

#endif
