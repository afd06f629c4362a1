#include <cjson/cJSON.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

#include "shared/jsonprint.h"
#include "tests/tap.h"

/* True when what the text means is printed as that, or as the text itself. */
static bool
prints(const char *text, const char *as)
{
	cJSON *json = cJSON_Parse(text);
	char *printed = jsonprint(json);
	bool same = printed != NULL && strcmp(printed, as != NULL ? as : text) == 0;

	if (!same)
		printf("# %s\n", printed != NULL ? printed : "NULL");
	cJSON_free(printed);
	cJSON_Delete(json);
	return same;
}

int
main(void)
{
	const char *exact = "{\"id\":9007199254740991,\"list\":[-9007199254740991,9007199254740992,1000000000000001]}";
	cJSON *json = cJSON_Parse(exact);

	OK(prints(exact, NULL), "integers up to 2^53 keep their value");
	OK(prints("[0.1,0.30000000000000004,-1.5,1e-7,12345.678901234567]",
	       "[0.1,0.30000000000000004,-1.5,1e-07,12345.678901234567]"),
	    "and so do others");
	OK(prints("{\"a\":[true,null,\"\\u00e9\\n\"]}", "{\"a\":[true,null,\"\xc3\xa9\\n\"]}"), "the rest is cJSON's");
	OK(prints("[1e400]", "[null]"), "what is not finite is null");
	cJSON_free(jsonprint(json));
	OK(cJSON_IsNumber(cJSON_GetObjectItem(json, "id")), "the value stays what it is");
	cJSON_Delete(json);

	json = cJSON_CreateObject();
	cJSON_AddItemToObjectCS(json, "constant", cJSON_CreateNumber(9007199254740991.0));
	cJSON_free(jsonprint(json));
	cJSON_Delete(json);
	OK(jsonprint(NULL) == NULL, "nothing is nothing");
	return tap_done();
}
