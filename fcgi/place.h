/*
 * place - where the files of a program are: its templates, say.
 *
 * A developer starts the program from the folder that has them, or by its path; a
 * service manager starts an installed one from the root of the file system.
 */
#ifndef FCGI_PLACE_H
#define FCGI_PLACE_H

struct buf;

/*
 * Appends the path of a folder by this name: of an absolute one just that. Of
 * another the first that is there: in the working directory, beside the program,
 * and in $(datadir)/tina4/apps/PROGRAM; when none is, the name. Returns 0 or -ENOMEM.
 */
int place_find(const char *name, struct buf *ret);

#endif
