/*
 * served - the app that `tina4 serve` runs for this user in another shell.
 *
 * deploy/tina4-serve writes a file for each, of NAME=VALUE lines: the folder that
 * it runs in, and settings.
 */
#ifndef FCGI_CLI_SERVED_H
#define FCGI_CLI_SERVED_H

/*
 * Takes the settings of the one that runs in this folder, or of the only one that
 * runs, unless the environment has them. Of several it says that it takes none.
 */
void served_choose(void);

#endif
