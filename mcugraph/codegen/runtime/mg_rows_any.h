/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Reads rows of weights, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type of data, and what names for it end in
 *   MG_LANES: rows of data that are multiplied at once, one behind the other: 1 or 4
 *   MG_WEIGHT, MG_SUM, MG_PLUS(sum, x): the types of weights and of sums of products, and how these
 *     are added up
 *   MG_HALVES: weights may have four bits
 * Each reader adds the products of the next row of weights and each row of data to a sum, in the
 * order of the columns, and goes on to the row behind it. */

#if MG_LANES == 1
#define MG_LOAD_SUMS MG_SUM a = sums[0]
#define MG_ADD(x, by) a = MG_PLUS(a, (x)[0] * (by))
#define MG_STORE_SUMS sums[0] = a
#else
#define MG_LOAD_SUMS                                                                               \
    const int32_t lane1 = rows->columns, lane2 = 2 * lane1, lane3 = 3 * lane1;                     \
    MG_SUM a = sums[0], b = sums[1], c = sums[2], d = sums[3]
#define MG_ADD(x, by)                                                                              \
    (a = MG_PLUS(a, (x)[0] * (by)), b = MG_PLUS(b, (x)[lane1] * (by)),                             \
     c = MG_PLUS(c, (x)[lane2] * (by)), d = MG_PLUS(d, (x)[lane3] * (by)))
#define MG_STORE_SUMS (sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d)
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
            const MG_T *x = data + *column++;                                                      \
            const MG_WEIGHT by = *weight++;                                                        \
            MG_ADD(x, by);                                                                         \
        }                                                                                          \
        at->weights = weight;                                                                      \
        at->places = column;                                                                       \
        MG_STORE_SUMS;                                                                             \
    }

MG_BY_COLUMN(MG_TYPED(mg_crs8), uint8_t)
MG_BY_COLUMN(MG_TYPED(mg_crs16), uint16_t)

/* The column of each block is told, for all of its rows at once. */
#define MG_BY_BLOCK(name, type)                                                                    \
    void name(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)                     \
    {                                                                                              \
        const MG_WEIGHT *weight = (const MG_WEIGHT *)at->weights;                                  \
        const type *column = (const type *)at->places, *end = column + *at->counts;                \
        const int32_t wide = rows->block_columns;                                                  \
        MG_LOAD_SUMS;                                                                              \
        while (column != end) {                                                                    \
            const int32_t first = *column++ * wide, left = rows->columns - first;                  \
            const MG_WEIGHT *next = weight + wide, *last = left < wide ? weight + left : next;     \
            const MG_T *x = data + first;                                                          \
            do {                                                                                   \
                const MG_WEIGHT by = *weight++;                                                    \
                MG_ADD(x, by);                                                                     \
                x++;                                                                               \
            } while (weight != last);                                                              \
            weight = next;                                                                         \
        }                                                                                          \
        at->weights = weight;                                                                      \
        if (++at->of_block == rows->block_rows) {                                                  \
            at->of_block = 0;                                                                      \
            at->places = end;                                                                      \
            at->counts++;                                                                          \
        }                                                                                          \
        MG_STORE_SUMS;                                                                             \
    }

MG_BY_BLOCK(MG_TYPED(mg_blocks8), uint8_t)
MG_BY_BLOCK(MG_TYPED(mg_blocks16), uint16_t)

/* A bit for each column. */
void MG_TYPED(mg_bitmap)(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)
{
    const MG_WEIGHT *weight = (const MG_WEIGHT *)at->weights;
    const uint8_t *bits = (const uint8_t *)at->places, *end = bits + (rows->columns + 7) / 8;
    MG_LOAD_SUMS;
    for (; bits != end; bits++) {
        uint32_t left = *bits;
        while (left) {
            const MG_T *x = data + mg_lowest_bit(left);
            const MG_WEIGHT by = *weight++;
            MG_ADD(x, by);
            left &= left - 1u;
        }
        data += 8;
    }
    at->weights = weight;
    at->places = bits;
    MG_STORE_SUMS;
}

/* Of each group of weights some, and their places within it in so many bits, a whole number of groups
 * to a byte. */
#define MG_SLOT(i, kept, group, bits)                                                              \
    x = data + (i) / (kept) * (group) + (byte >> ((i) * (bits)) & ((1u << (bits)) - 1u));          \
    by = weight[i];                                                                                \
    MG_ADD(x, by);
#define MG_BYTE_4(kept, group) MG_SLOT(0, kept, group, 4) MG_SLOT(1, kept, group, 4)
#define MG_BYTE_2(kept, group)                                                                     \
    MG_SLOT(0, kept, group, 2)                                                                     \
    MG_SLOT(1, kept, group, 2)                                                                     \
    MG_SLOT(2, kept, group, 2)                                                                     \
    MG_SLOT(3, kept, group, 2)
#define MG_BYTE_1(kept, group)                                                                     \
    MG_SLOT(0, kept, group, 1)                                                                     \
    MG_SLOT(1, kept, group, 1)                                                                     \
    MG_SLOT(2, kept, group, 1)                                                                     \
    MG_SLOT(3, kept, group, 1)                                                                     \
    MG_SLOT(4, kept, group, 1)                                                                     \
    MG_SLOT(5, kept, group, 1)                                                                     \
    MG_SLOT(6, kept, group, 1)                                                                     \
    MG_SLOT(7, kept, group, 1)
#define MG_N_OF_M(name, kept, group, bits)                                                         \
    void name(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)                     \
    {                                                                                              \
        const int32_t slots = (rows->columns + (group)-1) / (group) * (kept);                      \
        const int32_t last = slots % (8 / bits);                                                   \
        const MG_WEIGHT *weight = (const MG_WEIGHT *)at->weights, *end = weight + slots - last;    \
        const uint8_t *places = (const uint8_t *)at->places;                                       \
        const MG_T *x;                                                                             \
        MG_WEIGHT by;                                                                              \
        MG_LOAD_SUMS;                                                                              \
        while (weight != end) {                                                                    \
            const uint32_t byte = *places++;                                                       \
            MG_BYTE_##bits(kept, group)                                                            \
            weight += 8 / bits;                                                                    \
            data += 8 / bits / (kept) * (group);                                                   \
        }                                                                                          \
        if (last) {                                                                                \
            const uint32_t byte = *places++;                                                       \
            int32_t i;                                                                             \
            for (i = 0; i < last; i++) {                                                           \
                MG_SLOT(i, kept, group, bits)                                                      \
            }                                                                                      \
        }                                                                                          \
        at->weights = weight + last;                                                               \
        at->places = places;                                                                       \
        MG_STORE_SUMS;                                                                             \
    }

MG_N_OF_M(MG_TYPED(mg_1_of_2), 1, 2, 1)
MG_N_OF_M(MG_TYPED(mg_2_of_4), 2, 4, 2)
MG_N_OF_M(MG_TYPED(mg_1_of_4), 1, 4, 2)
MG_N_OF_M(MG_TYPED(mg_2_of_8), 2, 8, 4)
MG_N_OF_M(MG_TYPED(mg_1_of_8), 1, 8, 4)
MG_N_OF_M(MG_TYPED(mg_2_of_16), 2, 16, 4)
MG_N_OF_M(MG_TYPED(mg_1_of_16), 1, 16, 4)

#ifdef MG_HALVES

#define MG_LOW(byte) ((MG_WEIGHT)(((byte) & 15) - ((byte) << 1 & 16)))
#define MG_HIGH(byte) ((MG_WEIGHT)(((byte) >> 4) - ((byte) >> 3 & 16)))

/* All weights, of four bits each, the first one of two in the lower bits of a byte. */
void MG_TYPED(mg_halves)(const mg_rows *rows, mg_row *at, const MG_T *data, MG_SUM *sums)
{
    const uint8_t *pair = (const uint8_t *)at->weights, *end = pair + rows->columns / 2;
    MG_LOAD_SUMS;
    for (; pair != end; pair++) {
        const MG_WEIGHT low = MG_LOW(*pair), high = MG_HIGH(*pair);
        MG_ADD(data, low);
        MG_ADD(data + 1, high);
        data += 2;
    }
    if (rows->columns & 1) {
        const MG_WEIGHT low = MG_LOW(*pair);
        MG_ADD(data, low);
        pair++;
    }
    at->weights = pair;
    MG_STORE_SUMS;
}

#endif
