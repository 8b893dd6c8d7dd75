@{header}

/* Fills the first input, computes, and prints the first bytes of the first output. */

#include <@{prefix}.h>

void setup()
{
    Serial.begin(115200);
}

void loop()
{
    memset((void *)@{prefix}_input_0, 0, @{upper}_INPUT_0_BYTES); /* your data here */
    if (@{prefix}_invoke() == 0) {
        const uint8_t *output = (const uint8_t *)@{prefix}_output_0;
        for (int i = 0; i < @{upper}_OUTPUT_0_BYTES && i < 10; i++) {
            Serial.print(output[i]);
            Serial.print(' ');
        }
        Serial.println();
    }
    delay(1000);
}
