#!/usr/bin/env bash
# Makes the spoken digits of the captcha with espeak-ng and sox (Debian
# packages of these names): 8 kHz, 8 bit, mono, silence cut off, two voices for
# each language. Run it only to change the voices; the files are committed.
#
# Mandarin is written in pinyin, and one is yao1 as it is on the telephone:
# yi1 and qi1 (seven) are hard to tell apart on a small loudspeaker.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mandarin=(ling2 yao1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3)
english=(zero one two three four five six seven eight nine)

# speak <folder> <voice> <words per minute> <pitch> <word>...
speak() {
  local folder=$1 voice=$2 speed=$3 pitch=$4 digit=0 word
  shift 4
  mkdir -p "$folder"
  for word in "$@"; do
    espeak-ng -v "$voice" -s "$speed" -p "$pitch" -w "$scratch/raw.wav" "$word"
    # The treble holds the consonants, which 8 kHz treats badly.
    sox "$scratch/raw.wav" -D -r 8000 -b 8 -e unsigned-integer -c 1 "$folder/$digit.wav" \
      gain -6 treble +5 2500 silence 1 0.01 0.5% reverse silence 1 0.02 0.5% fade t 0.01 reverse norm -1
    digit=$((digit + 1))
  done
}

speak zh-CN/1 cmn-latn-pinyin 125 45 "${mandarin[@]}"
speak zh-CN/2 cmn-latn-pinyin+f3 125 55 "${mandarin[@]}"
speak en/1 en-us 135 45 "${english[@]}"
speak en/2 en-gb+f3 135 55 "${english[@]}"
