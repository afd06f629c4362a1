#include "tests/tap.h"
#include "tests/unit/shelf.h"

static const char data[] = "{\"name\": \"Ada\", \"user\": {\"first\": \"Grace\", \"tags\": [\"x\", \"y\"], \"n 1\": 5},"
			   " \"list\": [10, 20, 30], \"empty\": [], \"nothing\": null, \"yes\": true, \"no\": false,"
			   " \"zero\": 0, \"one\": \"1\", \"i\": 1, \"html\": \"<b a='\\\"'>&\"}";

static void
variables_are_found(void)
{
	OK(renders("{{ name }}", "Ada"), "a name is its value");
	OK(renders("{{ user.first }}{{ user['first'] }}{{ user[\"n 1\"] }}", "GraceGrace5"),
	    "members, dotted or indexed");
	OK(renders("{{ list[0] }} {{ list.2 }} {{ list[i] }} {{ user.tags[i] }}", "10 30 20 y"), "items of lists");
	OK(renders("[{{ absent }}{{ absent.a.b[3] }}{{ list[7] }}{{ list[-1] }}{{ name.x }}{{ nothing }}]", "[]"),
	    "what is not there prints nothing");
	OK(renders("{{ [[1, 2], [3]].0.1 }}", "2"), "a.0.1 is two steps");
}

static void
output_is_escaped(void)
{
	OK(renders("{{ html }}", "&lt;b a=&#39;&quot;&#39;&gt;&amp;"), "the five characters are escaped");
	OK(renders("{{ '<i>' }}", "&lt;i&gt;"), "literals too");
	OK(renders("{{ html|raw }}", "<b a='\"'>&"), "but not after raw");
	OK(renders("{{ html|raw ~ '<' }}", "&lt;b a=&#39;&quot;&#39;&gt;&amp;&lt;"), "raw and other text is escaped");
	OK(renders("{{ user }}",
	       "{&quot;first&quot;:&quot;Grace&quot;,&quot;tags&quot;:[&quot;x&quot;,&quot;y&quot;],"
	       "&quot;n 1&quot;:5}"),
	    "a dict prints as JSON");
}

static void
literals_mean_what_they_say(void)
{
	OK(renders("{{ 'it\\'s' }} {{ \"a\\tb\\\\\" }} {{ 'Y\\T' }}", "it&#39;s a\tb\\ Y\\T"), "strings and escapes");
	OK(renders("{{ 1.5 }} {{ 100 }} {{ 0.1 }} {{ 1000000 * 1000000 }}", "1.5 100 0.1 1000000000000"),
	    "numbers print short");
	OK(renders("{{ true }}|{{ false }}|{{ null }}|{{ none }}", "1|||"), "true is 1, the others nothing");
	OK(renders("{{ [1, 'a', [2],]|length }}{{ [] ? 1 : 2 }}", "32"), "lists, with a comma at the end or not");
	OK(renders("{{ {a: 1, 'b c': 2, 3: 4, (name): 5}|to_json }}", "{\"a\":1,\"b c\":2,\"3\":4,\"Ada\":5}"),
	    "dicts");
	OK(renders("{{ {\"a\": {\"b\": 1}}.a.b }}", "1"), "two braces close two dicts");
	OK(renders("{{ {a: 1, a: 2}.a }}", "2"), "of two the same the later counts");
	OK(renders("{{ '}}' }}{{ \"%}\" }}", "}}%}"), "a string may have what closes");
	OK(renders("{{ (1..5)|join(',') }} {{ (3..1)|join(',') }} {{ range(0, 10, 5)|join(',') }}",
	       "1,2,3,4,5 3,2,1 0,5,10"),
	    "ranges");
}

static void
operators_bind_as_in_twig(void)
{
	OK(renders(
	       "{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 10 - 3 - 2 }}", "7 9 512 -4 5"),
	    "arithmetic");
	OK(renders("{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }}", "3.5 3 -4 1 -1"), "division");
	OK(renders("{{ '1' + one }} {{ absent + 1 }} {{ yes + yes }}", "2 1 2"), "what stands for a number is one");
	OK(renders("{{ 'a' ~ 1 ~ null ~ 2.5 }}", "a12.5"), "~ joins");
	OK(renders("{{ 1 ~ 2 + 3 }}", "15"), "and binds tighter than +");
	OK(renders("{{ absent ?? 'x' ~ 'y' }} {{ nothing ?? absent.b ?? 'z' }} {{ zero ?? 1 }}", "xy z 0"), "??");
	OK(renders(
	       "{{ yes ? 'a' : 'b' }}{{ no ? 'a' : 'b' }}{{ no ? 'a' }}{{ zero ?: 'c' }}{{ name ?: 'c' }}", "abcAda"),
	    "the ternary, and short ones");
	OK(renders("{{ no ? 1 : yes ? 2 : 3 }}", "2"), "a ternary in a ternary");
	OK(renders("{{ 1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 != 2 and 1 == 1 }}", "1"), "comparison");
	OK(renders("{{ not 1 == 2 }}{{ not yes or yes }}{{ no or no and yes ? 'x' : 'y' }}", "11y"), "not, and, or");
	OK(renders("{{ 20 in list }}{{ 'a' not in ['b'] }}{{ 'ac' in 'Grace' }}{{ 2 in 1..3 }}{{ 1 in absent ? 'x' : "
		   "'y' }}",
	       "1111y"),
	    "in and not in");
	OK(renders("{{ -5|abs }} {{ (-5)|abs }} {{ 'a' ~ 'b'|upper }}", "-5 5 aB"), "a filter binds tightest");
}

static void
values_compare(void)
{
	OK(renders("{{ one == i }}{{ one < 2 }}{{ '10' > 9 }}{{ 'b' > 'a' }}{{ '10' > '9' ? 'n' : 's' }}", "1111s"),
	    "text that is a number is one, beside a number");
	OK(renders(
	       "{{ absent == null }}{{ nothing == absent }}{{ zero == null ? 1 : 2 }}{{ yes == 'x' }}{{ no == '' }}",
	       "11211"),
	    "null, and booleans");
	OK(renders("{{ [1, [2]] == [1, [2]] }}{{ [1] == [1, 2] ? 1 : 2 }}{{ {a: 1} == {a: 1} }}{{ {a: 1} != {b: 1} }}",
	       "1211"),
	    "lists and dicts item by item");
	OK(renders(
	       "{{ '0' ? 1 : 2 }}{{ '' ? 1 : 2 }}{{ 0 ? 1 : 2 }}{{ empty ? 1 : 2 }}{{ ' ' ? 1 : 2 }}{{ {} ? 1 : 2 }}",
	       "222212"),
	    "what is true");
}

static void
tests_tell(void)
{
	OK(renders("{{ name is defined }}{{ absent is not defined }}{{ nothing is defined }}{{ user.x is defined ? 1 : "
		   "2 }}",
	       "1112"),
	    "defined");
	OK(renders("{{ nothing is null }}{{ absent is none }}{{ zero is null ? 1 : 2 }}", "112"), "null");
	OK(renders("{{ empty is empty }}{{ '' is empty }}{{ no is empty }}{{ zero is empty ? 1 : 2 }}", "1112"),
	    "empty");
	OK(renders("{{ 3 is odd }}{{ -3 is odd }}{{ 4 is even }}{{ 3 is not even }}{{ 9 is divisible by(3) }}"
		   "{{ 9 is divisible by 2 ? 1 : 2 }}",
	       "111112"),
	    "numbers");
	OK(renders("{{ list is iterable }}{{ user is iterable }}{{ name is iterable ? 1 : 2 }}", "112"), "iterable");
	OK(renders("{{ name is string }}{{ zero is number }}{{ one is number ? 1 : 2 }}{{ yes is boolean }}", "1121"),
	    "kinds");
	OK(renders("{{ not absent is defined and 1 + 1 is even }}", "1"), "is binds tighter than not");
}

int
main(void)
{
	shelf_data(data);
	variables_are_found();
	output_is_escaped();
	literals_mean_what_they_say();
	operators_bind_as_in_twig();
	values_compare();
	tests_tell();
	shelf_clear();
	return tap_done();
}
