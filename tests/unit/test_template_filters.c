#include <locale.h>

#include "tests/tap.h"
#include "tests/unit/shelf.h"

static void
letters_change(void)
{
	OK(renders("{{ 'aBc é ß ж ω'|upper }} {{ 'ÀBC Ж Ω Ё ×'|lower }}", "ABC É ß Ж Ω àbc ж ω ё ×"),
	    "upper and lower");
	OK(renders("{{ 'hELLO wORLD'|capitalize }} {{ \"it's élan-vital\"|title|raw }}", "Hello world It's Élan-Vital"),
	    "capitalize and title");
	OK(renders("[{{ ' \\t a b\\n'|trim }}] [{{ '/a/'|trim('/') }}]", "[a b] [a]"), "trim");
	OK(renders("{{ 'Crème Brûlée: 2 für 1!'|slug }} {{ '--a__b--'|slug }} {{ 'Straße'|slug }}",
	       "creme-brulee-2-fur-1 a-b strasse"),
	    "slug");
	OK(renders("{{ 'añb'|length }} {{ [1, 2]|length }} {{ {a: 1}|length }} {{ absent|length }} {{ (1..9)|length }}",
	       "3 2 1 0 9"),
	    "length counts characters and items");
	OK(renders("{{ 'añbcd'|truncate(2) }} {{ 'añb'|truncate(3) }} {{ 'añb'|truncate(1, '…') }} {{ "
		   "'日本語'|truncate(2, '') }}",
	       "añ... añb a… 日本"),
	    "truncate cuts between characters");
	OK(renders("{{ 'añb'|reverse }} {{ 'ñb'|first }} {{ 'bñ'|last }} [{{ ''|first }}{{ ''|last }}]", "bña ñ ñ []"),
	    "reverse, first and last of text");
}

static void
defaults_stand_in(void)
{
	OK(renders("{{ absent|default('x') }}{{ ''|default('y') }}{{ null|default('z') }}{{ 0|default('w') }}", "xyz0"),
	    "default");
	OK(renders("[{{ absent|default }}]{{ absent.a.b|default('x') }}", "[]x"), "default without an argument");
}

static void
lists_change(void)
{
	OK(renders("{{ [3, 1, 2]|sort|join(',') }} {{ ['b', 'a', 10, 9]|sort|join(',') }}", "1,2,3 9,10,a,b"), "sort");
	OK(renders("{{ {b: 2, a: 1}|sort|to_json }}", "{\"a\":1,\"b\":2}"), "a dict by its items");
	OK(renders("{{ [1, 2, 3]|reverse|join }} {{ {a: 1, b: 2}|reverse|keys|join }}", "321 ba"), "reverse");
	OK(renders("{{ [3, 1, 3, '3', 1, [2], [2], [3]]|unique|to_json }}", "[3,1,\"3\",[2],[3]]"),
	    "unique keeps the first");
	OK(renders("{{ {a: 1, b: 2}|keys|join(', ') }} {{ [5, 6]|keys|join }}", "a, b 01"), "keys");
	OK(renders("{{ [1, 2]|first }}{{ [1, 2]|last }}{{ {a: 7, b: 8}|first }}{{ (1..4)|last }}[{{ []|first }}{{ "
		   "[]|last }}]",
	       "1274[]"),
	    "first and last");
	OK(renders("{{ ['<', 'b']|join('&') }}", "&lt;&amp;b"), "join is escaped");
	OK(renders("{{ 'a,b,,c'|split(',')|to_json }} {{ 'añ'|split|to_json }} {{ ''|split(',')|to_json }} {{ "
		   "''|split|length }}",
	       "[\"a\",\"b\",\"\",\"c\"] [\"a\",\"ñ\"] [\"\"] 0"),
	    "split");
	OK(renders("{{ 'a,'|split(',')|to_json }}", "[\"a\",\"\"]"), "split keeps an empty end");
}

static void
text_is_replaced(void)
{
	OK(renders("{{ 'a.b.c'|replace('.', '-') }} {{ 'aab'|replace({'a': 'b', 'aa': 'x'}) }}", "a-b-c xb"),
	    "replace, the longest first");
	OK(renders("{{ 'ab'|replace({'a': 'b', 'b': 'a'}) }} {{ 'ab'|replace('', 'x') }}", "ba ab"),
	    "what was put in is not replaced again");
}

static void
numbers_are_written(void)
{
	OK(renders("{{ 1234567.891|number_format }} {{ 1234567.891|number_format(2) }} {{ (-999)|number_format }} "
		   "{{ 1234.5|number_format(2, ',', '.') }} {{ (-0.001)|number_format(2) }}",
	       "1,234,568 1,234,567.89 -999 1.234,50 0.00"),
	    "number_format");
	OK(renders("{{ 1.005|number_format(2) }} {{ 2.5|round }} {{ -2.5|round }} {{ 3.14159|round(2) }} {{ "
		   "1250|round(-2) }} "
		   "{{ 1.2|round(0, 'ceil') }} {{ 1.8|round(0, 'floor') }}",
	       "1.01 3 -3 3.14 1300 2 1"),
	    "round, half away from zero");
	OK(renders("{{ '-1.5'|abs }} {{ null|abs }}", "1.5 0"), "abs");
	if (setlocale(LC_ALL, "de_DE.UTF-8") != NULL || setlocale(LC_ALL, "fr_FR.UTF-8") != NULL)
		OK(renders(
		       "{{ 1.5 }} {{ '1.5' + 1 }} {{ 1.5|number_format(1) }} {{ [1.5]|to_json }}", "1.5 2.5 1.5 [1.5]"),
		    "a locale changes nothing");
	setlocale(LC_ALL, "C");
}

static void
dates_are_written(void)
{
	OK(renders(
	       "{{ 0|date }} {{ 1795345200|date('D, d M Y H:i:s') }}", "1970-01-01 00:00 Sun, 22 Nov 2026 11:00:00"),
	    "seconds since 1970, in UTC");
	OK(renders("{{ '2026-11-22'|date('j.n.y') }} {{ '2026-11-22T10:30:05+01:00'|date('c') }} "
		   "{{ '2026-11-22 10:30'|date('g:i A') }} {{ '2026-11-22T10:30:00.123Z'|date('U') }}",
	       "22.11.26 2026-11-22T09:30:05+00:00 10:30 AM 1795343400"),
	    "dates as text");
	OK(renders("{{ 0|date('l N w z t L F A h G \\\\Y\\Y') }}", "Thursday 4 4 0 31 0 January AM 12 0 YY"),
	    "letters");
	OK(renders("[{{ ''|date }}{{ absent|date }}]", "[]"), "no date is nothing");
	OK(refuses("{{ 'soon'|date }}", "page.html:1: expected a date, found a string that is none") &&
		refuses("{{ '2026-13-01'|date }}", "page.html:1: expected a date, found a string that is none") &&
		refuses("{{ 1e3|date }}", "page.html:1: expected '}}', found 'e3'"),
	    "what is no date is said");
}

static void
json_stands_in_scripts(void)
{
	shelf_data(
	    "{\"room\": \"</script><script>alert('1')//\\\"\\\\\\n\\u2028\\u2029&\", \"n\": [1, 2.5, true, null, {}]}");
	OK(renders("<script>const room = {{ room|to_json }};</script>",
	       "<script>const room = \"\\u003c/script\\u003e\\u003cscript\\u003ealert(\\u00271\\u0027)//"
	       "\\u0022\\u005c\\u000a\\u2028\\u2029\\u0026\";</script>"),
	    "a hostile name stays a string");
	OK(renders("'{{ room|e('js') }}'",
	       "'\\u003c\\u002fscript\\u003e\\u003cscript\\u003ealert\\u0028\\u00271\\u0027\\u0029\\u002f\\u002f\\u0022"
	       "\\u005c\\u000a"
	       "\\u2028\\u2029\\u0026'"),
	    "so it does between quotes of one's own");
	OK(renders("{{ n|json_encode }} {{ absent|tojson }} {{ (1..3)|to_json }}", "[1,2.5,true,null,{}] null [1,2,3]"),
	    "values of each kind");
	shelf_data("{}");
}

static void
text_is_escaped(void)
{
	OK(renders("{{ '<'|e }}{{ '<'|escape('html') }}{{ '<'|e|e }}{{ '<'|raw|e }}", "&lt;&lt;&lt;<"), "e, once");
	OK(renders("{{ 'a b/ü?&'|url_encode }} {{ 'a b'|e('url') }}", "a%20b%2F%C3%BC%3F%26 a%20b"), "url_encode");
	OK(renders("{{ '<a>\\nb'|nl2br }} {{ '<a>\\nb'|raw|nl2br }}", "&lt;a&gt;<br>\nb <a><br>\nb"),
	    "nl2br escapes first");
	OK(renders("{{ '<a>'|raw|upper }} {{ ' <a> '|raw|trim }}", "&lt;A&gt; <a>"),
	    "what is changed is escaped again");
}

static void
twig_has_it_so_too(void)
{
	shelf_data("{\"evil\": \"`${alert(1)}`\", \"mixed\": [10, \"9\", \"b\", 2, \"a\", \"1e1\", null, true], "
		   "\"bad\": \"\xff\"}");
	OK(renders("{{ evil|e('js') }}", "\\u0060\\u0024\\u007balert\\u00281\\u0029\\u007d\\u0060"),
	    "a template literal of JavaScript runs nothing");
	OK(renders("{{ 'aZ9 b,c_.<'|e('js') }}", "aZ9\\u0020b,c_.\\u003c"), "letters and digits stay");
	OK(renders("{{ '\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'|e('js') }} {{ '\xc3\xa9\xf0\x9f\x98\x80'|e('css') }}"
		   "{{ '\xc3\xa9\xf0\x9f\x98\x80\x01\xc2\x85'|e('html_attr') }}",
	       "\\u00e9\\u20ac\\ud83d\\ude00 \\E9 \\1F600 &#xE9;&#x1F600;&#xFFFD;&#xFFFD;"),
	    "those of ASCII only");
	OK(renders("{{ bad|e('js') }}{{ bad|e('css') }}{{ bad|e('html_attr') }}", "\\ufffd\\FFFD &#xFFFD;"),
	    "what is not UTF-8 is replaced");
	OK(renders("{{ 'a\"b c'|e('css') }} {{ 'a\"b c-d'|e('html_attr') }}", "a\\22 b\\20 c a&#x22;b&#x20;c-d"),
	    "css and html_attr");
	OK(renders("{{ {a: 1, 'b c': 'd&e'}|url_encode|raw }} {{ []|url_encode }}|", "a=1&b%20c=d%26e |"),
	    "url_encode of an object is a query");
	OK(renders("{{ {t: true, f: false, n: null, l: [1, 'a b'], d: {x: {'y&': 2}, e: []}}|url_encode|raw }}",
	       "t=1&f=0&l%5B0%5D=1&l%5B1%5D=a%20b&d%5Bx%5D%5By%26%5D=2"),
	    "of objects in it, of what is true, false or null");
	OK(renders("{{ mixed|sort|to_json }}", "[null,true,2,\"9\",10,\"1e1\",\"a\",\"b\"]"), "numbers among texts");
	OK(renders("{{ ''|number_format }} {{ null|number_format(2) }}", "0 0.00"), "nothing is the number 0");
	OK(renders("{{ 0|date('S W o r u v p B I Z') }}",
	       "st 01 1970 Thu, 01 Jan 1970 00:00:00 +0000 000000 000 Z 041 0 0"),
	    "all letters of PHP's dates");
	OK(renders("{% for d in 1..31 %}{{ ('2026-01-' ~ (d < 10 ? '0' : '') ~ d)|date('jS') }} {% endfor %}",
	       "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th "
	       "21st 22nd 23rd 24th 25th 26th 27th 28th 29th 30th 31st "),
	    "ordinals");
	OK(renders("{{ '2027-01-01'|date('o-W') }} {{ '2024-12-30'|date('o-W') }}", "2026-53 2025-01"), "weeks of ISO");
	OK(renders(
	       "{{ TRUE }}{{ True }}{{ FALSE }}{{ NULL is null ? 'null' }}{{ None is none ? 'none' }}", "11nullnone"),
	    "constants in capitals");
}

static void
lists_are_put_together(void)
{
	shelf_data("{\"people\": [{\"name\": \"Al\", \"age\": 40}, {\"name\": \"Bo\", \"age\": 20}, {\"age\": 30}]}");
	OK(renders("{{ [1, 2]|merge([3])|to_json }} {{ {a: 1, b: 2}|merge({b: 3, c: 4})|to_json }} {{ "
		   "[]|merge([])|to_json }}",
	       "[1,2,3] {\"a\":1,\"b\":3,\"c\":4} []"),
	    "merge");
	OK(renders("{{ [1,2,3,4]|slice(1, 2)|to_json }} {{ 'abcdef'|slice(-3, 2) }} {{ [1,2,3][1:]|to_json }} "
		   "{{ 'a\xc3\xa9\xc3\xb6u'[1:2] }} {{ 'abc'[:2] }} {{ 'abc'[-1:] }} {{ [1,2,3][:-1]|to_json }} {{ "
		   "'abc'[9:]}}|",
	       "[2,3] de [2,3] \xc3\xa9\xc3\xb6 ab c [1,2] |"),
	    "slices");
	OK(renders("{{ {a: 1, b: 2, c: 3}|slice(1, 1)|to_json }} {{ absent|slice(1) }}|", "{\"b\":2} |"),
	    "of a dict, of nothing");
	OK(renders("{{ people|column('name')|join(',') }} {{ [1,2,3,4,5]|batch(2)|to_json }} {{ [1,2,3]|batch(2, "
		   "0)|to_json }}",
	       "Al,Bo [[1,2],[3,4],[5]] [[1,2],[3,0]]"),
	    "column and batch");
	OK(refuses("{{ 1|merge([2]) }}", "page.html:1: expected lists or dicts to merge, found a number"),
	    "lists only");
}

static void
functions_are_arrows(void)
{
	shelf_data("{\"n\": [3, 1, 2], \"d\": {\"a\": 1, \"b\": 2}, \"by\": 10}");
	OK(renders("{{ n|map(x => x * by)|join(' ') }} {{ d|map((v, k) => k ~ v)|to_json }}",
	       "30 10 20 {\"a\":\"a1\",\"b\":\"b2\"}"),
	    "map");
	OK(renders("{{ n|filter(x => x > 1)|to_json }} {{ d|filter((v, k) => k == 'b')|to_json }} {{ absent|filter(x "
		   "=> x)|length }}",
	       "[3,2] {\"b\":2} 0"),
	    "filter");
	OK(renders("{{ n|reduce((sum, x) => sum + x) }} {{ n|reduce((sum, x) => sum + x, 100) }}", "6 106"), "reduce");
	OK(renders("{{ n|sort((a, b) => b <=> a)|join }} {{ n|sort|join }} {{ 1 <=> 2 }} {{ 2 <=> 2 }} {{ "
		   "[1,2,3,4,5]|sort((a, b) => 0)|join }}",
	       "321 123 -1 0 12345"),
	    "sort, which keeps what is alike");
	OK(renders("{% set x = 'kept' %}{{ n|map(x => x)|join }}{{ x }} {{ n|map((x) => n|map(y => x * "
		   "y)|join(','))|join(';') }}",
	       "312kept 9,3,6;3,1,2;6,2,4"),
	    "names are the arrow's own, and arrows stand in arrows");
	OK(refuses("{{ n|map(x => 1 / 0) }}", "page.html:1: division by zero"), "what fails in it");
	OK(renders("{{ n|map(() => '.')|join }} {{ n|map(arrow = x => x + 1)|join }} {{ n|reduce(initial = 1, arrow = "
		   "(s, x) "
		   "=> s * x) }}",
	       "... 423 6"),
	    "without a name, and by name");
	OK(refuses("{{ n|map('x') }}", "page.html:1: expected an arrow function for 'map'"), "map needs one");
	OK(refuses("{{ n|sort('x') }}", "page.html:1: expected an arrow function for 'sort'"),
	    "sort takes nothing else");
	OK(refuses("{{ n|join(x => x) }}", "page.html:1: 'join' takes no arrow function"), "others take none");
	OK(refuses("{{ max(x => x) }}", "page.html:1: an arrow function is for filters such as 'map'"),
	    "nor do functions");
}

static void
functions_are_called(void)
{
	shelf_put("part.html", "({{ a }}{{ b }})");
	shelf_data("{\"a\": 1, \"list\": [\"x\"]}");
	OK(renders("{{ max(1, 3, 2) }}{{ min([4, 2, 3]) }}{{ max('a', 'b') }}", "32b"), "max and min");
	OK(renders(
	       "{{ random(list) }}{{ random('y') }}{{ random(0) }}{{ random(5, 5) }} {{ random() >= 0 }}", "xy05 1"),
	    "random");
	OK(renders("{{ date('2026-01-02') < date('2026-01-03') }} {{ date() > date('2026-01-01') }} {{ "
		   "date(0)|date('Y') }}",
	       "1 1 1970"),
	    "date");
	OK(renders("{% for i in 0..3 %}{{ cycle(['a', 'b'], i) }}{% endfor %}", "abab"), "cycle");
	OK(renders("{{ include('part.html') }}{{ include('part.html', {b: 2}) }}{{ include('part.html', {b: 2}, "
		   "with_context = false) }}"
		   "{{ include('gone.html', ignore_missing = true) }}",
	       "(1)(12)(2)"),
	    "include");
	OK(renders("{% block t %}T{{ a }}{% endblock %} {{ block('t') }}", "T1 T1"), "block");
	OK(refuses("{{ block('none') }}", "page.html:1: no block 'none'"), "a block that is not there");
	OK(refuses("{{ max() }}", "page.html:1: expected at least 1 argument for 'max', found 0"), "max of nothing");
	OK(refuses("{{ max([]) }}", "page.html:1: expected at least one item to choose of"), "or of no items");
	OK(refuses("{{ include('gone.html') }}", "page.html:1: no template 'gone.html'"),
	    "a template that is not there");
	OK(renders("{{ 1 is same as 1 }}{{ '1' is same as 1 ? 'x' }}{{ [1] is not same as [2] }}", "11"), "same as");
}

static void
arguments_have_names(void)
{
	OK(renders("{{ 1234.5|number_format(decimal = 1, thousand_sep = ' ') }} {{ 0|date(format = 'Y') }} {{ "
		   "[1,2]|join(glue: '-') }}",
	       "1 234.5 1970 1-2"),
	    "names of arguments");
	OK(refuses("{{ 1|round(x = 1) }}", "page.html:1: 'round' has no argument 'x'"), "one that is not there");
	OK(renders(
	       "{{ range(high = 3, low = 1)|join }} {{ range(1, 5, step: 2)|join }} {{ cycle(position = 1, values = "
	       "['a', 'b']) }} {{ date(date = 0) }} {{ random(max = 0) }}{{ random(7, max = 7) }}",
	       "123 135 b 0 07"),
	    "those of functions");
	OK(refuses("{{ range(high = 3) }}", "page.html:1: an argument of 'range' is missing"), "one that is left out");
	OK(refuses("{{ max(a = 1) }}", "page.html:1: 'max' has no argument 'a'"), "max takes them in order");
	OK(refuses("{{ 'a'|replace(to = 'b') }}", "page.html:1: an argument of 'replace' is missing"), "of a filter");
	OK(refuses("{{ 1|round(1, precision = 1) }}", "page.html:1: an argument of 'round' is given twice"), "twice");
	OK(renders("{{ '%s has %05.1f of %3d%%|%-4s|%4s|%.2s'|format('a<', 1.25, 7, 'x', 'y', 'long')|raw }}",
	       "a< has 001.2 of   7%|x   |   y|lo"),
	    "format");
	OK(renders("{{ '%2$s %1$s %s %2$03d'|format('a', 5) }}", "5 a a 005"), "the places of arguments have numbers");
	OK(refuses("{{ '%2$s'|format(1) }}", "page.html:1: 'format' has more places than arguments"),
	    "of those there are");
	OK(refuses("{{ '%0$s'|format(1) }}", "page.html:1: 'format' does not know what stands after a '%'"),
	    "from 1 on");
	OK(refuses("{{ '%c'|format(65) }}", "page.html:1: 'format' does not know what stands after a '%'"),
	    "%c is the byte of a number in PHP");
	OK(refuses("{{ '%n'|format(1) }}", "page.html:1: 'format' does not know what stands after a '%'"),
	    "no other letter");
	OK(refuses("{{ '%s%s'|format(1) }}", "page.html:1: 'format' has more places than arguments"),
	    "too few arguments");
}

int
main(void)
{
	shelf_data("{}");
	letters_change();
	defaults_stand_in();
	lists_change();
	text_is_replaced();
	numbers_are_written();
	dates_are_written();
	json_stands_in_scripts();
	twig_has_it_so_too();
	text_is_escaped();
	shelf_clear();
	lists_are_put_together();
	functions_are_arrows();
	functions_are_called();
	arguments_have_names();
	return tap_done();
}
