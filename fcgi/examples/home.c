#include "demo.h"

/* The start page, on which every example can be tried. */
int
demo_home(struct tina4_request *req, struct tina4_response *res)
{
	(void)req;
	return demo_page(res, "home.html", NULL, NULL);
}
