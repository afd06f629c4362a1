#include "tests/tap.h"
#include "tests/unit/shelf.h"

static void
tags_must_fit(void)
{
	OK(refuses("\n{% block a %}\n\n{% endif %}", "page.html:4: expected 'endblock', found 'endif'"), "another end");
	OK(refuses("{% if 1 %}\n",
	       "page.html:2: expected 'elseif', 'elif', 'else' or 'endif', found the end of the template"),
	    "no end");
	OK(refuses("{% if 1 %}{% else %}{% else %}", "page.html:1: expected 'endif', found 'else'"), "two elses");
	OK(refuses("{% for i in a %}{% endblock %}", "page.html:1: expected 'else' or 'endfor', found 'endblock'"),
	    "in a loop");
	OK(refuses("{% endif %}", "page.html:1: expected a tag, found 'endif'"), "an end of nothing");
	OK(refuses("{% block a %}{% endblock b %}", "page.html:1: expected 'a', found 'b'"), "an end of another block");
	OK(refuses("a\nb\n{% nope 1 %}", "page.html:3: unknown tag 'nope'"), "an unknown tag");
	OK(refuses("{% %}", "page.html:1: expected a tag, found '%}'"), "no tag");
	OK(refuses("{% if 1 ", "page.html:1: expected '%}', found the end of the template"), "a tag cut short");
	OK(refuses("{% if 1 2 %}", "page.html:1: expected '%}', found '2'"), "a tag with more in it");
	OK(refuses("{% else if %}", "page.html:1: expected a tag, found 'else'"), "else if");
	OK(refuses("{% for in b %}", "page.html:1: expected 'in', found 'b'"), "a loop without a name");
	OK(refuses("{% for a of b %}", "page.html:1: expected 'in', found 'of'"), "a loop without in");
	OK(refuses("{% set a 1 %}", "page.html:1: expected '=' or '%}', found '1'"), "set without =");
	OK(refuses("{% include %}", "page.html:1: expected a value, found '%}'"), "include of nothing");
	OK(refuses("{% include 'a' ignore %}", "page.html:1: expected 'missing', found '%}'"), "ignore what");
}

static void
expressions_must_fit(void)
{
	OK(refuses("{{ }}", "page.html:1: expected a value, found '}}'"), "no value");
	OK(refuses("{{ a", "page.html:1: expected '}}', found the end of the template"), "a value cut short");
	OK(refuses("{{ a b }}", "page.html:1: expected '}}', found 'b'"), "two values");
	OK(refuses("{{ a }", "page.html:1: expected '}}', found '}'"), "one brace");
	OK(refuses("{{ a +\n\n* b }}", "page.html:3: expected a value, found '*'"), "two operators");
	OK(refuses("{{ (a }}", "page.html:1: expected ')', found '}}'"), "an open parenthesis");
	OK(refuses("{{ [1, 2 }}", "page.html:1: expected ']', found '}}'"), "an open list");
	OK(refuses("{{ {a 1} }}", "page.html:1: expected ':', found '1'"), "a dict without a colon");
	OK(refuses("{{ {+} }}", "page.html:1: expected a key or '}', found '+'"), "a dict without a key");
	OK(refuses("{{ a. }}", "page.html:1: expected a name, found '}}'"), "a dot and no name");
	OK(refuses("{{ and }}", "page.html:1: expected a value, found 'and'"), "an operator alone");
	OK(refuses("\n{{ 'a\nb }}", "page.html:2: a string is not closed"), "an open string");
	OK(refuses("{{ a $ b }}", "page.html:1: unexpected '$'"), "a sign that is none");
	OK(refuses("{{ é }}", "page.html:1: unexpected 'é'"), "a letter that is none");
	OK(refuses("{{ a \x01 }}", "page.html:1: unexpected byte 0x01"), "a control byte");
	OK(refuses("a\n{# b\n\n", "page.html:2: expected '#}', found the end of the template"), "an open comment");
	OK(refuses("a\n{% raw %}\n\n", "page.html:2: expected 'endraw', found the end of the template"),
	    "open raw text");
	OK(refuses("\xff", "page.html: not UTF-8"), "a source that is not UTF-8");
}

static void
names_must_be_known(void)
{
	OK(refuses("{{ a|nope }}", "page.html:1: unknown filter 'nope'"), "a filter");
	OK(refuses("{% if 0 %}\n{{ a|nope }}{% endif %}", "page.html:2: unknown filter 'nope'"),
	    "even where none comes");
	OK(refuses("{{ a is nope }}", "page.html:1: unknown test 'nope'"), "a test");
	OK(refuses("{{ 4 is divisible 2 }}", "page.html:1: expected 'by', found '2'"), "half a test");
	OK(refuses("{{ a.b }}\n{{ nope(1) }}", "page.html:2: unknown function 'nope'"), "a function");
	OK(refuses(
	       "{{ a.b() }}", "page.html:1: expected macros that were imported before '.b(', found an undefined value"),
	    "a method");
	OK(refuses("{{ a|upper(1) }}", "page.html:1: expected 0 arguments for 'upper', found 1"),
	    "arguments of a filter");
	OK(refuses("{{ a|replace }}", "page.html:1: expected 1 to 2 arguments for 'replace', found 0"),
	    "too few of them");
	OK(refuses("{{ range(1) }}", "page.html:1: expected 2 to 3 arguments for 'range', found 1"), "of range");
	OK(refuses("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
	       "page.html:1: expected at most 1 arguments for 'm', found 2"),
	    "of a macro");
}

static void
things_have_their_place(void)
{
	shelf_put("base.html", "{% block a %}{% endblock %}");
	OK(refuses("{% extends 'base.html' %}\n\nlost",
	       "page.html:3: expected only blocks, macros and sets in a template that "
	       "extends another"),
	    "text beside blocks would be lost");
	OK(refuses("{% extends 'base.html' %}{{ a }}",
	       "page.html:1: expected only blocks, macros and sets in a template that extends another"),
	    "and values");
	OK(refuses("{% extends 'base.html' %}\n{% extends 'base.html' %}",
	       "page.html:2: 'extends' is there already, on line 1"),
	    "a second extends");
	OK(refuses(
	       "{% if 1 %}{% extends 'base.html' %}{% endif %}", "page.html:1: 'extends' stands inside another tag"),
	    "extends in a tag");
	OK(refuses("{% block a %}{% endblock %}\n{% block a %}", "page.html:2: block 'a' is there already, on line 1"),
	    "two blocks of a name");
	OK(refuses(
	       "{% macro m() %}{% endmacro %}{% macro m() %}", "page.html:1: macro 'm' is there already, on line 1"),
	    "two macros of a name");
	OK(refuses("{% macro range() %}", "page.html:1: 'range' is a function"), "a macro of a function's name");
	OK(refuses("{{ parent() }}", "page.html:1: parent() stands outside a block"), "parent outside a block");
	OK(refuses("{% block b %}{% macro m() %}{{ parent() }}{% endmacro %}{% endblock %}",
	       "page.html:1: parent() stands outside a block"),
	    "or in a macro");
	OK(refuses("{% block b %}{{ parent() }}{% endblock %}", "page.html:1: block 'b' has no parent"), "no parent");
	OK(refuses("{% macro m() %}{% block b %}", "page.html:1: 'block' stands inside a macro"), "a block in a macro");
	OK(refuses("{% macro m() %}{% macro n() %}", "page.html:1: 'macro' stands inside a macro"),
	    "a macro in a macro");
	OK(refuses("{% extends 'gone.html' %}", "page.html:1: no template 'gone.html'"), "extends of nothing");
}

static void
values_must_fit(void)
{
	OK(refuses("a\n{{ [] + 1 }}", "page.html:2: expected a number, found a list"), "a list is no number");
	OK(refuses("{{ 'x' * 2 }}", "page.html:1: expected a number, found a string that is none"), "nor is text");
	OK(refuses("{{ 1 / 0 }}", "page.html:1: division by zero") &&
		refuses("{{ 1 % 0 }}", "page.html:1: division by zero") &&
		refuses("{{ 1 is divisible by(0) }}", "page.html:1: division by zero"),
	    "division by zero");
	OK(refuses("{{ 10 ** 999 }}", "page.html:1: a result is not a finite number"), "no infinity");
	OK(refuses("{{ 'a'|truncate(-1) }}", "page.html:1: expected a number from 0 to 2147483647"),
	    "an argument too small");
	OK(refuses(
	       "{{ 'a'|e('sql') }}", "page.html:1: expected 'html', 'html_attr', 'js', 'css' or 'url' for 'escape'"),
	    "a strategy unknown");
	OK(refuses("{{ 1|round(0, 'up') }}", "page.html:1: expected 'common', 'ceil' or 'floor' for 'round'"),
	    "a rounding unknown");
	OK(refuses(
	       "{{ 'a'|replace('b') }}", "page.html:1: expected a dict or two strings for 'replace', found a string"),
	    "half a replacement");
	OK(refuses("{{ range(1, 2, 0) }}", "page.html:1: a range of step 0"), "a range that stands");
	OK(refuses("text{% macro m(x) %}\n{{ x / 0 }}{% endmacro %}\n{{ m(1) }}", "page.html:2: division by zero"),
	    "the place is the innermost");
}

/* The rows of tina4-template(7)'s table that are not there: none of them passes in silence. */
static void
what_only_twig_has_is_refused(void)
{
	static const char *const sources[][2] = {
		{ "{% autoescape %}{% endautoescape %}", "unknown tag 'autoescape'" },
		{ "{% spaceless %}{% endspaceless %}", "unknown tag 'spaceless'" },
		{ "{% filter upper %}{% endfilter %}", "unknown tag 'filter'" },
		{ "{% for x in l if x %}{% endfor %}", "expected '%}', found 'if'" },
		{ "{{ a starts with 'b' }}", "expected '}}', found 'starts'" },
		{ "{{ a ends with 'b' }}", "expected '}}', found 'ends'" },
		{ "{{ a matches '/b/' }}", "expected '}}', found 'matches'" },
		{ "{{ a has some x => x }}", "expected '}}', found 'has'" },
		{ "{{ 1 b-and 1 }}", "expected '}}', found 'b'" },
		{ "{{ attribute(a, 'b') }}", "unknown function 'attribute'" },
		{ "{{ constant('A') }}", "unknown function 'constant'" },
		{ "{{ block('a', 'b.html') }}", "expected 1 argument for 'block', found 2" },
		{ "{{ include(['a', 'b']) }}", "expected the name of a template, found a list" },
		{ "{{ 'a'..'e' }}", "expected a number, found a string that is none" },
		{ "{{ 0|date('Y', 'Europe/Paris') }}", "expected 0 to 1 arguments for 'date', found 2" },
		{ "{{ date('+1 day') }}", "expected a date, found a string that is none" },
		{ "{% set f = x => x %}", "expected '%}', found '=>'" },
		{ "{% macro m() %}{{ varargs|join }}{% endmacro %}{{ m(1) }}",
		    "expected at most 0 arguments for 'm', found 1" },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		char error[128];

		snprintf(error, sizeof(error), "page.html:1: %s", sources[i][1]);
		OK(refuses(sources[i][0], error), sources[i][0]);
	}
	OK(renders("{{ \"#{a}\" }}", "#{a}"), "text is text");
}

int
main(void)
{
	tags_must_fit();
	expressions_must_fit();
	names_must_be_known();
	things_have_their_place();
	values_must_fit();
	shelf_clear();
	what_only_twig_has_is_refused();
	return tap_done();
}
