#include "sidecar/feed/histogram.h"
#include "tests/tap.h"

static void
test_histogram(void)
{
	struct histogram histogram = { 0 };
	bool ascending = true;

	for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
		ascending &= histogram_bounds_us[i - 1] < histogram_bounds_us[i];
	OK(ascending, "bounds ascend");
	histogram_add(&histogram, 0, 1);
	histogram_add(&histogram, 50, 1);
	OK(histogram.n[0] == 2, "a bound belongs to what is below it");
	histogram_add(&histogram, 51, 3);
	OK(histogram.n[1] == 3, "several are counted at once");
	histogram_add(&histogram, 10000001, 1);
	OK(histogram.n[HISTOGRAM_BOUNDS] == 1, "the last has no bound");
	OK(histogram.sum_us == 50 + 3 * 51 + 10000001, "the sum is of all");
}

int
main(void)
{
	test_histogram();
	return tap_done();
}
