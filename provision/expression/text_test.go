package expression_test

import "testing"

func TestTexts(t *testing.T) {
	check(t, []row{
		{`"a \"b\" \\ \d"`, nil, `a "b" \ \d`},
		{`-1.5`, nil, "-1.5"},
		{`&Hff`, nil, "255"},
		{`Left("Zoë M", 3)`, nil, "Zoë"},
		{`Mid("Zoë M", 3, 2)`, nil, "ë "},
		{`Mid("Zoë", 3, 99)`, nil, "ë"},
		{`Mid("Zoë", 4, 1)`, nil, ""},
		{`Mid("Zoë", 1, 0)`, nil, ""},
		{`InStr("Zoë Ë", "Ë")`, nil, "5"},
		{`InStr("Zoë Ë", "Ë", 1, vbTextCompare)`, nil, "3"},
		{`InStr("abc", "x")`, nil, "0"},
		{`InStr("abc", "a", 9)`, nil, "0"},
		{`InStr("aXa", "a", , "vbBinaryCompare")`, nil, "1"},
		{`ToUpper("straße i")`, nil, "STRAßE I"},
		{`ToUpper("i", "tr-TR")`, nil, "İ"},
		{`ToLower("I", "az-Latn-AZ")`, nil, "ı"},
		{`ToLower("I", "en-US")`, nil, "i"},
		{`ToLower("I", "")`, nil, "i"},
		{`PCase("o'BRIEN 1ST_floor")`, nil, "O'brien 1St_Floor"},
		{`PCase("o'BRIEN 1ST_floor", " ")`, nil, "O'brien 1st_floor"},
		{`PCase("ANNA-LENA", "")`, nil, "Anna-lena"},
		{`Word("a  b", 2, " ")`, nil, "b"},
		{`Word("a b", 3, " ")`, nil, ""},
		{`Word("a b", 0, " ")`, nil, ""},
		{`ConvertToBase64("😀")`, nil, "PdgA3g=="},
		{`Join("-", 1, [l], "", "x")`, attrs{"l": "list:2||3"}, "1-2-3-x"},
	})
}

func TestReplace(t *testing.T) {
	check(t, []row{
		{`Replace("aba", "a", , , "x")`, nil, "xbx"},
		{`Replace("aba", "A", , , "x")`, nil, "aba"},
		{`Replace("Zoë_M!", , "[^\\w]", , "", , )`, nil, "Zoë_M"},
		{`Replace("Zoë_M!", , "[\\W_]", , "", , )`, nil, "ZoëM"},
		{`Replace("Zoë_M!", , "\\W", , "", , )`, nil, "Zoë_M"},
		{`Replace("Zoë M", , "\\w+", , "x", , )`, nil, "x x"},
		{`Replace("anna", , "(?<l>n)(x)?", , "[${l}|$1|$2|$&|$0|$$|$9|${y}|$1a]", , )`, nil, "a[n|n||n|n|$|$9|${y}|na][n|n||n|n|$|$9|${y}|na]a"},
		{`Replace("a1b2", , "[a-z](?<d>\\d)", "d", "-", , )`, nil, "a-b-"},
		{`Replace("ab", , "(?<x>c)|b", "x", "-", , )`, nil, "ab"},
		{`Replace([m], , "@.*", , "", , )`, attrs{"m": "list:a@x|b@y"}, "list:a|b"},
		{`Replace("x", , "(?<d>\\d)", "d", , "a7", )`, nil, "x"},
		{`Replace([n], , "(?<d>\\d)", "d", , "a7", )`, nil, "7"},
		{`Replace([n], , "(?<d>\\d)", "d", , "a", )`, nil, null},
		{`Replace("a]b", , "[]]", , "-", , )`, nil, "a-b"},
	})
}
