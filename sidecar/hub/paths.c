#include "sidecar/hub/paths.h"

const char *
path_name(const struct path *path)
{
	return path == NULL ? "-" : path->name;
}

struct span
path_span(const struct path *path)
{
	return (struct span){ path->name, path->len };
}
