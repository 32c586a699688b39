// Package spell finds what somebody probably meant.
package spell

// Nearest gives the candidate that is nearest to a mistyped word, or "" if none is near: at most a
// third of the word's letters may differ, and two in short words, but never all of them.
func Nearest(word string, candidates []string) string {
	w := []rune(word)
	best, least := "", max(2, len(w)/3)+1
	for _, c := range candidates {
		letters := []rune(c)
		if d := distance(w, letters); d < least && d < max(len(w), len(letters)) {
			best, least = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
