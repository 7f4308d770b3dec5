/* Where a page ends: pure arithmetic over the heights of rows. */

#include "billing_press.h"


static int billing_pages_space(const billing_room_t *room, unsigned page);


unsigned
billing_pages_cut(const int *heights, unsigned n, const billing_room_t *room,
    unsigned *ends, unsigned max)
{
    int       left;
    unsigned  page = 0, row = 0, from;

    for ( ;; ) {
        if (page == max) {
            return 0;
        }

        from = row;
        left = billing_pages_space(room, page);

        while (row < n && heights[row] <= left) {
            left -= heights[row++];
        }

        if (row == n && left >= room->tail) {
            ends[page] = n;
            return page + 1;
        }

        /* More is to come: the carried sum needs its line, a page a row. */

        while (row > from + 1 && (left < room->carry || row == n)) {
            left += heights[--row];
        }

        if (row == from && row < n) {
            row++;
        }

        if (row == n) {                 /* one row, too tall for its tail */
            ends[page] = n;
            return page + 1;
        }

        ends[page++] = row;
    }
}


static int
billing_pages_space(const billing_room_t *room, unsigned page)
{
    return page == 0 ? room->first : room->next - room->carry;
}
