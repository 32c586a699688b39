package grader

import (
	"fmt"

	"ipclab/grader/quiz"
)

// markQuiz marks the answers of the submission, if the quiz was asked for. A file that cannot be
// marked loses nothing: it counts as a fail with the reason, until it is put right.
func (g *grading) markQuiz() *QuizReport {
	if !g.Options.Select.Quiz {
		return nil
	}
	r := &QuizReport{Outcome: Fail, MaxScore: g.QuizPoints, Answers: []AnswerReport{}}
	marks, err := g.marks()
	if err != nil {
		r.Problem = valid(err.Error())
		return r
	}
	for _, a := range marks.Answers {
		r.Answers = append(r.Answers, AnswerReport{a.Question, string(a.Outcome), a.Picked, a.Why, g.treated(a.Misconception)})
	}
	right, open := marks.Count(quiz.Right), marks.Count(quiz.Unanswered)
	r.Score = cents(g.QuizPoints * float64(right) / float64(len(marks.Answers)))
	switch {
	case right == len(marks.Answers):
		r.Outcome = Pass
	case open == len(marks.Answers):
		r.Outcome = NotStarted
	}
	return r
}

func (g *grading) marks() (quiz.Result, error) {
	data, err := g.sub.answers()
	if err != nil {
		return quiz.Result{}, fmt.Errorf("%s: %w", answersFile, err)
	}
	return g.Quiz.Mark(answersFile, data)
}

// answered counts the questions that have an answer, right or wrong.
func (g *grading) answered() int {
	if g.Quiz == nil {
		return 0
	}
	marks, err := g.marks()
	if err != nil {
		return 0
	}
	return len(marks.Answers) - marks.Count(quiz.Unanswered)
}
