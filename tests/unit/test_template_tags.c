#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"
#include "tests/unit/shelf.h"

static bool
is(const char *text, const char *expected)
{
	if (strcmp(text, expected) != 0)
		printf("# %s\n", text);
	return strcmp(text, expected) == 0;
}

static void
text_stays_as_it_is(void)
{
	OK(renders("a { b } {x} %} }} #}\n\n", "a { b } {x} %} }} #}\n\n"), "text without tags");
	OK(renders("", ""), "no text at all");
	OK(renders("\xef\xbb\xbf<p>", "<p>"), "a byte order mark is dropped");
	OK(renders("a{# {{ b }} {% if %} #}c{##}d", "acd"), "comments are dropped");
	OK(renders("{% raw %}{{ a }}{% b %}{# c #}{% endraw %}|{% verbatim %}{{{% endraw %}{% endverbatim %}",
	       "{{ a }}{% b %}{# c #}|{{{% endraw %}"),
	    "raw and verbatim");
	OK(renders("{{ 1 }}\n{% if 1 %}\nx\n{% endif %}\n", "1\n\nx\n\n"), "lines stay");
}

static void
whitespace_is_controlled(void)
{
	OK(renders("a \n{{- 1 -}}\n b", "a1b"), "around a value");
	OK(renders("a {%- if 1 -%} b {%- endif -%} c", "abc"), "around tags");
	OK(renders("a {%- if 1 %} b {% endif -%} c", "a b c"), "on one side");
	OK(renders("a {#- x -#} b", "ab"), "around comments");
	OK(renders("a {%- raw -%} {{ x }} {%- endraw -%} b", "a{{ x }}b"), "around raw text");
	OK(renders("{{ 1 -}} {{- 2 }}{{ - 3 }}", "12-3"), "a minus is a minus");
}

static void
conditions_choose(void)
{
	const char *source = "{% if a == 1 %}one{% elseif a == 2 %}two{% elif a == 3 %}three{% else %}more{% endif %}";

	shelf_data("{\"a\": 1}");
	OK(renders(source, "one"), "if");
	shelf_data("{\"a\": 2}");
	OK(renders(source, "two"), "elseif");
	shelf_data("{\"a\": 3}");
	OK(renders(source, "three"), "elif is the same");
	shelf_data("{\"a\": 4}");
	OK(renders(source, "more"), "else");
	OK(renders("{% if absent %}x{% endif %}", ""), "what is not there is not true");
}

static void
loops_go_through_items(void)
{
	shelf_data(
	    "{\"list\": [\"a\", \"b\", \"c\"], \"dict\": {\"x\": 1, \"y\": 2}, \"rows\": [[1, 2], [3]], \"none\": []}");
	OK(renders("{% for i in list %}{{ i }}{% endfor %}", "abc"), "a list");
	OK(renders("{% for k, v in dict %}{{ k }}={{ v }};{% endfor %}{% for v in dict %}{{ v }}{% endfor %}",
	       "x=1;y=2;12"),
	    "a dict, with keys or without");
	OK(renders("{% for k, v in {1: 'one', 20: 'two'} %}{{ k ~ '' }}={{ v }} {{ {'1': 'a', '20': 'b'}[k] }};{% "
		   "endfor %}",
	       "1=one a;20=two b;"),
	    "numbers as keys are texts");
	OK(renders("{% for k, v in list %}{{ k }}{{ v }}{% endfor %}", "0a1b2c"), "a list has keys too");
	OK(renders("{% for i in none %}x{% else %}empty{% endfor %}{% for i in absent %}x{% else %}absent{% endfor %}",
	       "emptyabsent"),
	    "else when there is nothing");
	OK(renders("{% for i in 1..3 %}{{ i }}{% endfor %}{% for i in range(2, 6, 2) %}{{ i }}{% endfor %}", "123246"),
	    "ranges");
	OK(renders("{% for i in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first ? 'f' }}"
		   "{{ loop.last ? 'l' }}{{ loop.length }} {% endfor %}",
	       "103f3 2123 321l3 "),
	    "the loop's variables");
	OK(renders("{% for i in list %}{{ loop.odd ? 'o' }}{{ loop.even ? 'e' }}{% endfor %}", "oeo"), "odd and even");
	OK(renders(
	       "{% for r in rows %}{% for c in r %}{{ loop.parent.index }}.{{ loop.index }} {% endfor %}{% endfor %}",
	       "1.1 1.2 2.1 "),
	    "the loop around it");
	OK(renders("{% for i in list %}{% endfor %}[{{ i }}{{ loop.index }}]", "[]"), "its variables end with it");
	OK(refuses(
	       "{% for i in 5 %}{% endfor %}", "page.html:1: expected a list or a dict to loop over, found a number"),
	    "a number has no items");
}

static void
variables_are_set(void)
{
	shelf_data("{\"total\": 1, \"list\": [1, 2, 3]}");
	OK(renders("{% set a = 1 + 1 %}{{ a }}{% set a = a * 2 %}{{ a }}", "24"), "set");
	OK(renders("{% set a %}<b>{{ '<' }}</b>{% endset %}{{ a }}{{ a|length }}", "<b>&lt;</b>11"),
	    "set with what is between");
	OK(renders("{% for i in list %}{% set total = total + i %}{% endfor %}{{ total }}", "7"),
	    "a loop changes what is there already");
	OK(renders("{% for i in list %}{% set last = i %}{% endfor %}[{{ last }}]", "[]"), "and keeps what is new");
	OK(renders("{% for i in list %}{% set l = loop %}{% if loop.last %}{{ l.index }}{% endif %}{% endfor %}", "3"),
	    "the loop can be set too");
}

static void
macros_are_called(void)
{
	shelf_data("{\"x\": \"<\", \"secret\": 1}");
	OK(renders(
	       "{% macro input(name, type = 'text', value) %}<i n={{ name }} t={{ type }} v={{ value }}>{% endmacro %}"
	       "{{ input('a') }}{{ input(x, 'b', 3) }}",
	       "<i n=a t=text v=><i n=&lt; t=b v=3>"),
	    "with arguments or defaults, and their output is HTML");
	OK(renders("{{ m() }}{% macro m() %}[{{ secret }}]{% endmacro m %}", "[]"), "before they stand, and closed in");
	OK(renders("{% macro down(n) %}{{ n }}{% if n > 0 %}{{ down(n - 1) }}{% endif %}{% endmacro %}{{ down(3) }}",
	       "3210"),
	    "they may call themselves");
	OK(renders("{% macro m(a) %}{{ a }}{% endmacro %}{% set s = m('<') ~ m('>') %}{{ s }}", "&lt;&gt;"),
	    "what two write stays HTML");
}

static void
templates_extend(void)
{
	shelf_clear();
	shelf_data("{\"room\": \"<general>\"}");
	shelf_put(
	    "base.html", "<title>{% block title %}Site{% endblock %}</title>{% block body %}{% endblock body %}.");
	shelf_put("mid.html", "{% extends 'base.html' %}{% block title %}Mid {{ parent() }}{% endblock %}");
	OK(renders("{% extends 'base.html' %}\n\n{% block title %}Chat - {{ room }}{% endblock %}\n"
		   "{% block body %}<p>{% endblock %}\n",
	       "<title>Chat - &lt;general&gt;</title><p>."),
	    "blocks take the place of the parent's");
	OK(renders(
	       "{% extends 'mid.html' %}{% block title %}[{{ parent() }}]{% endblock %}", "<title>[Mid Site]</title>."),
	    "parent() goes up each level");
	OK(renders("{% extends 'mid.html' %}{% set t = 5 %}{% block body %}{{ t }}{% set t = 6 %}{% endblock %}",
	       "<title>Mid Site</title>5."),
	    "sets before the blocks are seen in them");
	OK(renders("{% extends 'b' ~ 'ase.html' %}", "<title>Site</title>."), "the name is an expression");
	shelf_put("list.html", "{% for i in 1..2 %}{% block row %}{{ i }}{% endblock %}{% endfor %}");
	OK(renders("{% extends 'list.html' %}{% block row %}<{{ i }}{{ parent() }}>{% endblock %}", "<11><22>"),
	    "a block in a loop sees its variables");
	shelf_put("nested.html", "{% block a %}a{% block b %}b{% endblock %}{% endblock %}");
	OK(renders("{% extends 'nested.html' %}{% block b %}B{% endblock %}", "aB"), "a block in a block");
}

static void
templates_include(void)
{
	shelf_clear();
	shelf_data("{\"a\": 1, \"part\": \"part.html\"}");
	shelf_put("part.html", "({{ a }}{{ b }}{% set a = 9 %})");
	shelf_put("base.html", "[{% block x %}base{% endblock %}]");
	shelf_put("child.html", "{% extends 'base.html' %}{% block x %}child{% endblock %}");
	OK(renders("{% include 'part.html' %}{{ a }}", "(1)1"), "it sees variables and changes none");
	OK(renders(
	       "{% include part with {b: 2} %}{% include part with {b: 3} only %}{% include part only %}", "(12)(3)()"),
	    "with, and only");
	OK(renders("{% include 'gone.html' ignore missing %}{% include 'gone.html' ignore missing with {b: 1} only %}x",
	       "x"),
	    "ignore missing");
	OK(renders("{% block x %}mine{% endblock %}{% include 'child.html' %}", "mine[child]"),
	    "its blocks are its own");
	OK(renders("{% for b in 1..3 %}{% include 'part.html' %}{% endfor %}", "(11)(12)(13)"), "in a loop");
	OK(refuses("\n{% include 'gone.html' %}", "page.html:2: no template 'gone.html'"),
	    "one that is missing is said");
	shelf_put("wrong.html", "\n\n{% nonsense %}");
	OK(refuses("{% include 'wrong.html' ignore missing %}", "wrong.html:3: unknown tag 'nonsense'"),
	    "one that is wrong, with its own place");
	OK(refuses("{% include [1] %}", "page.html:1: expected the name of a template, found a list"),
	    "a name is text");
	OK(refuses("{% include part with 3 %}", "page.html:1: expected a dict after 'with', found a number"),
	    "with takes a dict");
	OK(is(shelf_render("gone.html"), "no template 'gone.html'"), "a page that is missing");
}

static char *
repeat(const char *part, size_t times)
{
	size_t len = strlen(part);
	char *all = malloc(len * times + 1), *at = all;

	for (size_t i = 0; i < times; i++, at += len)
		memcpy(at, part, len);
	*at = '\0';
	return all;
}

/* Source with n times the part, in which %d counts, and an end that loops over the code. */
static char *
many(const char *part, const char *code)
{
	enum { MANY = 1600 };
	static const char loop[] = "{%% for i in 1..4000 %%}{%% for j in 1..50 %%}%s{%% endfor %%}{%% endfor %%}";
	size_t room = MANY * (strlen(part) + 8) + sizeof(loop) + strlen(code), at = 0;
	char *text = malloc(room);

	assert(text != NULL);
	for (int i = 0; i < MANY; i++)
		at += (size_t)snprintf(text + at, room - at, part, i);
	snprintf(text + at, room - at, loop, code);
	return text;
}

static void
names_cost_steps(void)
{
	static const char *const sources[][3] = {
		{ "{%% set a%d = 1 %%}", "{% do a0 %}", "variables that are passed again and again" },
		{ "{%% block b%d %%}{%% endblock %%}", "{% do block('b0') %}",
		    "blocks that are passed again and again" },
		{ "{%% macro m%d() %%}{%% endmacro %%}", "{% import _self as s %}{% do s.m0() %}",
		    "macros that are passed again and again" },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		char *text = many(sources[i][0], sources[i][1]);

		OK(refuses(text, "page.html:1: more than 10000000 steps"), sources[i][2]);
		free(text);
	}
}

/* A megabyte, and what compares it with itself so often that it must cost more than a step. */
static void
comparing_costs_steps(void)
{
	static const char long_text[] =
	    "{% set t = 'xxxxxxxxxxxxxxxx' %}{% for i in 1..16 %}{% set t = t ~ t %}{% endfor %}"
	    "{% set u = t ~ 'y' %}{% for i in 1..5000 %}";
	static const char *const comparisons[] = { "{% do t == t %}", "{% do t < u %}", "{% do t >= u %}",
		"{% do t <=> u %}", "{% do max(t, u) %}", "{% do min([t, u]) %}", "{% do [u, t]|sort %}",
		"{% do [t, u]|unique %}", "{% do [t, u] == [t, t] %}", "{% do u in [t] %}" };
	char text[512];

	shelf_clear();
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		snprintf(text, sizeof(text), "%s%s{%% endfor %%}", long_text, comparisons[i]);
		OK(refuses(text, "page.html:1: more than 10000000 steps"), comparisons[i]);
	}
	OK(renders(
	       "{{ ['b', 'a', 'c']|sort|join }}{{ max('b', 'a') }}{{ min([2, '1', 3]) }}{{ 'a' <=> 'b' }}", "abcb1-1"),
	    "what is short is compared as before");
}

static void
nothing_is_without_end(void)
{
	char *text;

	shelf_clear();
	shelf_put("a.html", "{% include 'b.html' %}");
	shelf_put("b.html", "{% include 'a.html' %}");
	OK(strstr(shelf_render("a.html"), ": nested deeper than 400") != NULL, "includes of each other");
	shelf_put("a.html", "{% extends 'b.html' %}");
	shelf_put("b.html", "{% extends 'a.html' %}");
	OK(is(shelf_render("a.html"), "b.html:1: templates that extend one another, more than 16"),
	    "extends of each other");
	OK(refuses("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "page.html:1: nested deeper than 400"), "macros");
	shelf_put("base.html", "{% block a %}{% block b %}{% endblock %}{% endblock %}");
	shelf_put("page2.html",
	    "{% extends 'base.html' %}{% block b %}{% block a %}{{ parent() }}"
	    "{% endblock %}{% endblock %}");
	OK(strstr(shelf_render("page2.html"), ": nested deeper than 400") != NULL, "blocks in each other");
	OK(refuses("{% for i in 1..5000 %}{% for j in 1..5000 %}{% endfor %}{% endfor %}",
	       "page.html:1: more than 10000000 steps"),
	    "loops");
	OK(refuses("{{ 1..1000000000 }}", "page.html:1: a range of more than 10000000 items"), "ranges");
	OK(refuses("{% set a = 'xxxxxxxxxxxxxxxx' %}{% for i in 1..30 %}{% set a = a ~ a %}{% endfor %}",
	       "page.html:1: out of memory, or values of more than 33554432 bytes"),
	    "values");
	OK(refuses("{% set a = 'xxxxxxxxxxxxxxxx' %}{% for i in 1..16 %}{% set a = a ~ a %}{% endfor %}"
		   "{% for i in 1..100 %}{{ a }}{% endfor %}",
	       "page.html:1: out of memory, or a page of more than 16777216 bytes"),
	    "output");
	OK(refuses("{{ ('x'|replace('x', (1..99999)|join))|replace('1', (1..99999)|join) }}",
	       "page.html:1: out of memory, or text of more than 16777216 bytes"),
	    "text on the way");
	OK(refuses("{{ (1..3000)|map(x => (1..3000)|filter(y => false)|length)|length }}",
	       "page.html:1: out of memory, or values of more than 33554432 bytes"),
	    "arrows in arrows");
	OK(refuses("{{ (1..40)|reduce((text, i) => text ~ text, 'xxxxxxxx') }}",
	       "page.html:1: out of memory, or values of more than 33554432 bytes"),
	    "what reduce makes");
	OK(refuses("{% set t = 'xxxxxxxxxxxxxxxx' %}{% for i in 1..16 %}{% set t = t ~ t %}{% endfor %}"
		   "{% for i in 1..5000 %}{% do random(t) %}{% endfor %}",
	       "page.html:1: more than 10000000 steps"),
	    "long text that is looked through");
	OK(refuses("{{ include('page.html') }}", "page.html:1: nested deeper than 400"), "include()");
	OK(refuses("{% embed 'page.html' %}{% endembed %}", "page.html:1: nested deeper than 400"), "embeds");
	OK(refuses("{% block a %}{{ block('a') }}{% endblock %}", "page.html:1: nested deeper than 400"), "block()");
	shelf_put("a.html", "{% macro a() %}{% import 'b.html' as b %}{{ b.b() }}{% endmacro %}");
	shelf_put("b.html", "{% macro b() %}{% import 'a.html' as a %}{{ a.a() }}{% endmacro %}");
	OK(refuses("{% import 'a.html' as a %}{{ a.a() }}", "a.html:1: nested deeper than 400"),
	    "macros of templates that import each other");
	names_cost_steps();
	comparing_costs_steps();
	text = repeat("{% if 1 %}", 200);
	OK(refuses(text, "page.html:1: nested deeper than 100"), "tags in tags");
	free(text);
	text = repeat("((((", 500);
	memcpy(text, "{{ ", 3);
	OK(refuses(text, "page.html:1: nested deeper than 100"), "parentheses");
	free(text);
	text = repeat("a ~ ", 500);
	memcpy(text, "{{a~", 4);
	OK(refuses(text, "page.html:1: nested deeper than 100"), "long chains");
	free(text);
	text = repeat("{##}", 200000);
	OK(renders(text, ""), "but many comments are fine");
	free(text);
	text = repeat("xxxxxxxxxxxxxxxx", 65537);
	OK(refuses(text, "page.html: larger than 1048576 bytes"), "templates");
	free(text);
}

static void
macros_are_imported(void)
{
	shelf_put("forms.html",
	    "{% macro input(name, value = 'none', kind = 'text') %}<{{ name }}={{ value }}:{{ kind }}>"
	    "{% endmacro %}{% macro twice(x) %}{{ input(x) }}{{ input(x) }}{% endmacro %}");
	OK(renders("{% import 'forms.html' as f %}{{ f.input('a') }}{{ f.twice('b') }}",
	       "<a=none:text><b=none:text><b=none:text>"),
	    "all of a template");
	OK(renders("{% from 'forms.html' import input, twice as two %}{{ input('a', 1) }}{{ two('b') }}",
	       "<a=1:text><b=none:text><b=none:text>"),
	    "some by name");
	OK(renders("{% import _self as me %}{% macro m(x) %}[{{ x }}]{% endmacro %}{{ me.m(1) }}{{ m(2) }}", "[1][2]"),
	    "one's own");
	OK(renders("{{ _self.m(x = 1) }}{% macro m(x) %}[{{ x }}{{ x < 2 ? _self.m(x + 1) }}]{% endmacro %}", "[1[2]]"),
	    "or without an import");
	OK(refuses("{{ _self.none() }}", "page.html:1: unknown function 'none'"), "which must be there");
	OK(renders("{% import 'forms.html' as f %}{{ f.input('a', kind = 'x') }}{{ f.input(value: 'v', name: 'n') }}",
	       "<a=none:x><n=v:text>"),
	    "arguments by name");
	OK(renders("{% macro m(a, b = 'B', c = 'C') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(c = 1, a = 2) }}", "2B1"),
	    "of one's own macros too");
	shelf_put("base.html", "[{% block b %}{% endblock %}]");
	OK(renders(
	       "{% extends 'base.html' %}{% import 'forms.html' as f %}{% block b %}{{ f.input('a') }}{% endblock %}",
	       "[<a=none:text>]"),
	    "for the blocks of a template that extends another");
	OK(renders("{% for i in 1..2 %}{% from 'forms.html' import input %}{{ input(i) }}{% endfor %}",
	       "<1=none:text><2=none:text>"),
	    "in a loop");
	OK(refuses("{% import 'forms.html' as f %}\n{{ f.none() }}", "page.html:2: no macro 'none' in forms.html"),
	    "a macro that is not there");
	OK(refuses("{% from 'forms.html' import none %}", "page.html:1: no macro 'none' in forms.html"), "nor by name");
	OK(refuses("{% import 'gone.html' as f %}", "page.html:1: no template 'gone.html'"),
	    "a template that is not there");
	OK(refuses("{% import 'forms.html' as f %}{{ f.input(1, 2, 3, 4) }}",
	       "page.html:1: expected at most 3 arguments for 'input'"),
	    "too many arguments");
	OK(refuses("{% import 'forms.html' as f %}{{ f.input(x = 1) }}", "page.html:1: 'input' has no parameter 'x'"),
	    "a parameter that is not there");
	OK(refuses("{% import 'forms.html' as f %}{{ f.input(1, name = 1) }}",
	       "page.html:1: a parameter of 'input' is given twice"),
	    "one that is given twice");
	OK(refuses("{% macro m(a, b) %}{% endmacro %}{{ m(a = 1, 2) }}",
	       "page.html:1: an argument without a name stands after one with a name"),
	    "names come last");
	shelf_put("wrong.html", "{% macro m() %}\n{{ 1 / 0 }}{% endmacro %}");
	OK(refuses("{% import 'wrong.html' as w %}{{ w.m() }}", "wrong.html:2: division by zero"),
	    "what is wrong in it has its place there");
	OK(renders("{{ f }}{% import 'forms.html' as f %}{{ f }}|", "|"), "macros themselves write nothing");
}

static void
parts_are_embedded(void)
{
	shelf_put("box.html", "<{{ title }}:{% block head %}H{% endblock %}|{% block body %}B{% endblock %}>");
	shelf_data("{\"title\": \"T\"}");
	OK(renders(
	       "{% embed 'box.html' %}{% block body %}mine {{ title }}{% endblock %}{% endembed %}", "<T:H|mine T>"),
	    "a block of it is replaced");
	OK(renders("{% embed 'box.html' with {title: 'X'} only %}{% block head %}{{ parent() }}!{% endblock %}{% "
		   "endembed %}",
	       "<X:H!|B>"),
	    "with variables, and what it replaces");
	OK(renders("{% block head %}outer{% endblock %}{% embed 'box.html' %}{% block head %}inner{% endblock %}{% "
		   "endembed %}"
		   "{% embed 'box.html' %}{% endembed %}",
	       "outer<T:inner|B><T:H|B>"),
	    "its blocks are its own");
	OK(renders("{% embed 'box.html' %}{% block body %}{% embed 'box.html' with {title: 'in'} %}{% block body %}deep"
		   "{% endblock %}{% endembed %}{% endblock %}{% endembed %}",
	       "<T:H|<in:H|deep>>"),
	    "one in another");
	OK(refuses("{% embed 'box.html' %}lost{% endembed %}",
	       "page.html:1: expected only blocks, macros and sets in a template that extends another"),
	    "text beside blocks would be lost");
	OK(refuses("{% embed 'box.html' %}", "page.html:1: expected 'endembed', found the end of the template"),
	    "an end");
}

static void
variables_have_a_place(void)
{
	shelf_data("{\"a\": 1}");
	OK(renders("{% with {b: 2} %}{{ a }}{{ b }}{% set a = 3 %}{{ a }}{% endwith %}{{ a }}{{ b }}", "1231"), "with");
	OK(renders(
	       "{% with {b: 2} only %}{{ a }}{{ b }}{% endwith %}{% with %}{% set c = 1 %}{{ c }}{% endwith %}{{ c }}",
	       "21"),
	    "only, and nothing new");
	OK(renders("{% set x, y = 1, 'two' %}{{ x }}{{ y }}", "1two"), "set of several");
	OK(refuses("{% set x, y = 1 %}", "page.html:1: expected ',', found '%}'"), "needs as many values");
	OK(renders("{% apply upper|replace('A', 'c') %}a{{ 'b' }}<{% endapply %}", "cB&lt;"), "apply, which escapes");
	OK(renders("{% apply upper|raw %}a<{{ '<' }}{% endapply %}", "A<&LT;"), "unless it ends in raw");
	OK(renders("{% do 1 + 1 %}x", "x"), "do");
	OK(refuses("{% apply nothing %}{% endapply %}", "page.html:1: unknown filter 'nothing'"),
	    "apply needs a filter");
}

int
main(void)
{
	text_stays_as_it_is();
	whitespace_is_controlled();
	conditions_choose();
	loops_go_through_items();
	variables_are_set();
	macros_are_called();
	templates_extend();
	templates_include();
	nothing_is_without_end();
	shelf_clear();
	macros_are_imported();
	shelf_clear();
	parts_are_embedded();
	shelf_clear();
	variables_have_a_place();
	shelf_clear();
	return tap_done();
}
