/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Reads rows of weights, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type of data, and what names for it end in
 *   MG_LANES: 1; or 2: elements of two rows of data take turns, and there are two sums
 *   MG_WEIGHT, MG_SUM, MG_PLUS(sum, x): the types of weights and of sums of products, and how these
 *     are added up
 * Each reader adds the products of the next row of weights and of data to sums, in the order of the
 * columns, and goes on to the row behind it. */

#if MG_LANES == 1
#define MG_LOAD_SUMS MG_SUM a = sums[0]
#define MG_ADD(x, by) a = MG_PLUS(a, (x)[0] * (by))
#define MG_STORE_SUMS sums[0] = a
#else
#define MG_LOAD_SUMS MG_SUM a = sums[0], b = sums[1]
#define MG_ADD(x, by) (a = MG_PLUS(a, (x)[0] * (by)), b = MG_PLUS(b, (x)[1] * (by)))
#define MG_STORE_SUMS (sums[0] = a, sums[1] = b)
#endif

/* The column of each weight is told. */
#define MG_BY_COLUMN(name, type)                                                                   \
    void name(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)                     \
    {                                                                                              \
        const MG_WEIGHT *weight = (const MG_WEIGHT *)at->weights;                                  \
        const MG_WEIGHT *end = weight + *at->counts++;                                             \
        const type *column = (const type *)at->places;                                             \
        MG_LOAD_SUMS;                                                                              \
        (void)rows;                                                                                \
        while (weight != end) {                                                                    \
            const MG_T *x = data + *column++ * MG_LANES;                                           \
            const MG_WEIGHT by = *weight++;                                                        \
            MG_ADD(x, by);                                                                         \
        }                                                                                          \
        at->weights = weight;                                                                      \
        at->places = column;                                                                       \
        MG_STORE_SUMS;                                                                             \
    }

MG_BY_COLUMN(MG_TYPED(mg_crs8), uint8_t)
MG_BY_COLUMN(MG_TYPED(mg_crs16), uint16_t)

/* A bit for each column. */
void MG_TYPED(mg_bitmap)(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)
{
    const MG_WEIGHT *weight = (const MG_WEIGHT *)at->weights;
    const uint8_t *bits = (const uint8_t *)at->places, *end = bits + (rows->columns + 7) / 8;
    MG_LOAD_SUMS;
    for (; bits != end; bits++) {
        uint32_t left = *bits;
        while (left) {
            const MG_T *x = data + mg_lowest_bit(left) * MG_LANES;
            const MG_WEIGHT by = *weight++;
            MG_ADD(x, by);
            left &= left - 1u;
        }
        data += 8 * MG_LANES;
    }
    at->weights = weight;
    at->places = bits;
    MG_STORE_SUMS;
}

/* So many of each group, and their places within it. */
void MG_TYPED(mg_n_of_m)(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)
{
    const MG_WEIGHT *weight = (const MG_WEIGHT *)at->weights;
    const uint8_t *places = (const uint8_t *)at->places;
    const MG_T *end = data + rows->columns * MG_LANES;
    const int32_t group = rows->group * MG_LANES, kept = rows->kept;
    const uint32_t width = rows->place_bits, mask = (1u << width) - 1u;
    uint32_t left = 1; /* places, and above them a bit that is set */
    MG_LOAD_SUMS;
    for (; data < end; data += group) {
        const MG_WEIGHT *behind = weight + kept;
        do {
            const MG_T *x;
            const MG_WEIGHT by = *weight++;
            if (left == 1) {
                left = *places++ | 0x100u;
            }
            x = data + (left & mask) * MG_LANES;
            left >>= width;
            MG_ADD(x, by);
        } while (weight != behind);
    }
    at->weights = weight;
    at->places = places;
    MG_STORE_SUMS;
}
