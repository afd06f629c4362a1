/*
 * hex - digits of hexadecimal numbers, as ids and escapes have them.
 */
#ifndef SHARED_HEX_H
#define SHARED_HEX_H

/* The digit's value, or -1 for what is none. */
int hex_digit(char c);

#endif
